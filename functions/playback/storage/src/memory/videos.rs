//! Copies of videos' read models.

use super::exchange::{change, keep, recall};
use super::keys;
use crate::model::{Version, decode, encode};
use crate::{Bounds, StoreError};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Step};
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

/// Remembers a version that was just learnt.
pub async fn keep_video(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    id: VideoId,
    version: &Version,
) -> Result<(), StoreError> {
    change(bridge, keeping(bounds, id, version, Condition::Always)).await.map(drop)
}

pub(super) fn keeping(bounds: &Bounds, id: VideoId, version: &Version, condition: Condition) -> Step {
    keep(keys::video(id), written(version), Some(bounds.copy_ttl_ms()), condition)
}

/// The number in a line of its own, then the model.
fn written(version: &Version) -> Vec<u8> {
    let mut value = format!("{}\n", version.number).into_bytes();
    value.extend(encode(&version.video));
    value
}

fn read(value: &[u8]) -> Option<Version> {
    let line = value.iter().position(|byte| *byte == b'\n')?;
    let (number, model) = (value.get(..line)?, value.get(line + 1..)?);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some(Version { number, video: decode(model)? })
}
