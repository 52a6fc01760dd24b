//! Positions: copies, and those that the stores do not have yet.

use super::copies::Copied;
use super::exchange::{as_seen, change, entry, keep, look, recall};
use super::{HeldEnd, TRIES_MAX, keys};
use crate::positions_redis::{parse, written};
use crate::{Bounds, StoreError};
use jiff::Timestamp;
use mcsp_bridge_api::memory::{Condition, Entry, Listing, Removal, Step};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;
use std::cmp::Ordering;

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
    Ok(recall(bridge, keys::position(user, video)).await?.map(remembered))
}

/// What is remembered of a viewer's positions in some videos, in their order.
pub async fn all_positions(
    bridge: &dyn Bridge,
    user: UserId,
    videos: &[VideoId],
) -> Result<Vec<Option<Remembered>>, StoreError> {
    let recalling = |video: &VideoId| Step::Recall(keys::position(user, *video));
    let outcomes = bridge.exchange(videos.iter().map(recalling).collect()).await?;
    Ok(outcomes.into_iter().map(|outcome| entry(outcome).map(remembered)).collect())
}

fn remembered(entry: Entry) -> Remembered {
    Remembered { position: parse(&entry.value), age_ms: entry.age_ms }
}

/// A position, or that there is none, as a store has it.
pub(super) fn copied(user: UserId, video: VideoId, position: Option<Position>) -> Copied {
    let value = position.as_ref().map(written).unwrap_or_default().into_bytes();
    Copied { key: keys::position(user, video), value, order: by_time }
}

/// That there is none is earlier than any: stores know for long what was forgotten.
fn by_time(one: &[u8], other: &[u8]) -> Ordering {
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => one.counts_over(&other).cmp(&other.counts_over(&one)),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// Holds a position until the stores have it, unless a later one is known. Gives the one that counts.
pub async fn hold_position(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Position, StoreError> {
    hold(bridge, keys::position(user, video), |known| {
        known.filter(|known| !position.counts_over(known)).unwrap_or(position)
    })
    .await
}

/// The same of a position that is to be forgotten, whatever is known of it here.
pub async fn hold_forgotten(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    now: Timestamp,
) -> Result<Position, StoreError> {
    let forgotten = |known: Option<Position>| Position::forgotten(known.as_ref(), now);
    hold(bridge, keys::position(user, video), forgotten).await
}

/// Remembers a position that the stores have, also in the place of an earlier one that is held for them.
pub async fn settle_position(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    (user, video): (UserId, VideoId),
    position: Position,
) -> Result<(), StoreError> {
    let key = keys::position(user, video);
    for _ in 0..TRIES_MAX {
        let present = recall(bridge, key.clone()).await?;
        let known = present.as_ref().and_then(|entry| parse(&entry.value));
        if known.is_some_and(|known| !position.counts_over(&known)) {
            break;
        }
        let seen = as_seen(present.map(|entry| entry.version));
        let keeping = keep(key.clone(), written(&position).into_bytes(), Some(bounds.copy_ttl_ms()), seen);
        if change(bridge, keeping).await? {
            break;
        }
    }
    Ok(())
}

async fn hold(
    bridge: &dyn Bridge,
    key: String,
    counting: impl Fn(Option<Position>) -> Position,
) -> Result<Position, StoreError> {
    for _ in 0..TRIES_MAX {
        let present = recall(bridge, key.clone()).await?;
        let counting = counting(present.as_ref().and_then(|entry| parse(&entry.value)));
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

/// What was held the longest ago.
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

    /// The step for when Postgres does not take it now: it is held on, behind all others, if it is still the same. It takes no
    /// more room than it has.
    pub(crate) fn going_behind(self) -> Step {
        let Entry { key, value, version, .. } = self.entry;
        keep(key, value, None, Condition::Unchanged(version))
    }

    /// The step for when no store is to have it, if it is still the same.
    pub(crate) fn dropping(self) -> Step {
        Step::Forget(Removal { key: self.entry.key, version: self.entry.version })
    }
}
