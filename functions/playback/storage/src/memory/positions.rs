//! Positions: copies, and those that the stores do not have yet.

use super::exchange::{as_seen, change, keep, look, recall};
use super::{HeldEnd, TRIES_MAX, keys};
use crate::positions_redis::{parse, written};
use crate::{Bounds, StoreError};
use mcsp_bridge_api::memory::{Condition, Entry, Listing, Step};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;

/// What is remembered of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// It was this, or there was none.
    pub position: Option<Position>,
    /// Milliseconds since then.
    pub age_ms: u64,
}

/// What is remembered of a viewer's position in a video.
pub async fn position(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
) -> Result<Option<Remembered>, StoreError> {
    let Some(entry) = recall(bridge, keys::position(user, video)).await? else { return Ok(None) };
    let position = parse(&entry.value);
    Ok(Some(Remembered { position, age_ms: entry.age_ms }))
}

/// Remembers a position, or that there is none, as a store has it.
pub(super) fn remembering(bounds: &Bounds, user: UserId, video: VideoId, position: Option<Position>) -> Step {
    let value = position.as_ref().map(written).unwrap_or_default();
    let condition = Condition::Refresh(bounds.refresh_ms());
    keep(keys::position(user, video), value.into_bytes(), Some(bounds.copy_ttl_ms()), condition)
}

/// Holds a position until the stores have it, unless a later one is known. Gives the one that counts.
pub async fn hold_position(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Position, StoreError> {
    let key = keys::position(user, video);
    for _ in 0..TRIES_MAX {
        let present = recall(bridge, key.clone()).await?;
        let known = present.as_ref().and_then(|entry| parse(&entry.value));
        let counting = match known {
            Some(known) if known.client_time() >= position.client_time() => known,
            _ => position,
        };
        let seen = as_seen(present.map(|entry| entry.version));
        if change(bridge, keep(key.clone(), written(&counting).into_bytes(), None, seen)).await? {
            return Ok(counting);
        }
    }
    // Nobody changes one position so often: there is no room.
    Err(Failure::Overloaded.into())
}

/// Something that is held.
pub(crate) enum Held {
    Position(HeldPosition),
    End(HeldEnd),
}

/// A position that the stores do not have yet.
pub(crate) struct HeldPosition {
    pub user: UserId,
    pub video: VideoId,
    pub position: Position,
    entry: Entry,
}

/// What has been held the longest.
pub(crate) async fn held(bridge: &dyn Bridge, limit: u32) -> Result<Vec<Held>, StoreError> {
    let listing = Listing { prefix: keys::HELD_PREFIX.to_owned(), limit };
    let entries = look(bridge, Step::Held(listing)).await?;
    Ok(entries.into_iter().filter_map(read).collect())
}

fn read(entry: Entry) -> Option<Held> {
    match keys::HeldKey::parse(&entry.key)? {
        keys::HeldKey::Position(user, video) => {
            let position = parse(&entry.value)?;
            Some(Held::Position(HeldPosition { user, video, position, entry }))
        }
        keys::HeldKey::End(user, session) => HeldEnd::read(user, session, entry).map(Held::End),
    }
}

impl HeldPosition {
    /// The step for when the stores have it: it becomes a copy, if it is still the same.
    pub(crate) fn letting_go(self, bounds: &Bounds) -> Step {
        let Entry { key, value, version, .. } = self.entry;
        keep(key, value, Some(bounds.copy_ttl_ms()), Condition::Unchanged(version))
    }
}
