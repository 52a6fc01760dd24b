//! Copies of videos' read models.

use super::copies::{Copied, keep_learnt, read_numbered};
use super::exchange::{change, recall};
use super::keys;
use crate::model::{Version, decode, encode};
use crate::{Bounds, StoreError};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Removal, Step};
use mcsp_ids::VideoId;

/// A copy, with its age.
#[derive(Clone, Debug)]
pub struct CopyOf<T> {
    /// What was known.
    pub known: T,
    /// Milliseconds since then.
    pub age_ms: u64,
}

/// The copy of a video, where there is one that is not too old.
pub async fn video(bridge: &dyn Bridge, id: VideoId) -> Result<Option<CopyOf<Version>>, StoreError> {
    let Some(entry) = recall(bridge, keys::video(id)).await? else { return Ok(None) };
    Ok(read(&entry.value).map(|known| CopyOf { known, age_ms: entry.age_ms }))
}

/// Remembers a version that a store has now, unless a later one is known.
pub async fn keep_video(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    id: VideoId,
    version: &Version,
) -> Result<(), StoreError> {
    keep_learnt(bridge, bounds, copied(id, version)).await
}

/// Forgets the copy of a video. One that is kept meanwhile stays: it is of what was found since.
pub async fn forget_video(bridge: &dyn Bridge, id: VideoId) -> Result<(), StoreError> {
    let Some(entry) = recall(bridge, keys::video(id)).await? else { return Ok(()) };
    let removal = Removal { key: entry.key, version: entry.version };
    change(bridge, Step::Forget(removal)).await.map(drop)
}

pub(super) fn copied(id: VideoId, version: &Version) -> Copied {
    Copied::numbered(keys::video(id), version.number, &encode(&version.video))
}

fn read(value: &[u8]) -> Option<Version> {
    let (number, model) = read_numbered(value)?;
    Some(Version { number, video: decode(model)? })
}
