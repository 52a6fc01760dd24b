//! Sessions without Redis.

use super::exchange::{change, keep};
use super::here::{Beat, Started};
use super::{TRIES_MAX, account, hold_position, keys};
use crate::sessions::{Beaten, End, Ended, Heartbeat, Shown};
use crate::{Account, Start, StoreError};
use jiff::Timestamp;
use mcsp_bridge_api::memory::{Condition, Entry, Removal, Step};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use playback_domain::AccountState;
use serde::{Deserialize, Serialize};

/// A session to be opened, as it was decided on.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The start.
    pub start: &'a Start<'a>,
    /// What was known of the account when it was decided.
    pub account: Account,
}

/// Opens a session, unless something of the account has changed since: then it must be decided anew.
pub async fn open(bridge: &dyn Bridge, opening: Opening<'_>) -> Result<bool, StoreError> {
    let Opening { start, mut account } = opening;
    let Start { session, video, device, now, expires_at_s, idempotency_key, .. } = *start;
    let started =
        idempotency_key.map(|key| (key, Started { session, expires_at_s, request: start.request() }));
    account.here.open((session, Shown { video, expires_at_s }), started, now);
    account.here.plays_on(device.id(), now);
    change(bridge, account.change()).await
}

/// Keeps a session and its slot, and notes where the viewer is: on the terms on which Redis does. None where nothing is
/// known of the session and its holder proves nothing.
pub async fn beat(bridge: &dyn Bridge, heartbeat: &Heartbeat) -> Result<Option<Beaten>, StoreError> {
    let Heartbeat { user, session, now, stream_limit, position, state, shown } = *heartbeat;
    for _ in 0..TRIES_MAX {
        let mut account = account(bridge, user, None).await?;
        if account.here.has_ended(session) {
            return Ok(Some(Beaten::Unknown));
        }
        let Some(Shown { video, expires_at_s }) = account.here.known(session, shown) else { return Ok(None) };
        let standing = account.facts().standing();
        if standing.state == AccountState::Suspended {
            return Ok(Some(Beaten::Suspended { video, watched_ms: 0 }));
        }
        let open_streams = account.streams.others_open(session, now);
        let limit = standing.stream_limit(stream_limit, now);
        let is_full = !account.streams.has_slot(session, now) && open_streams >= limit;
        if is_full || !account.here.has_room_for(session, now) {
            let plan_is_known = account.facts().subscription.is_some();
            return Ok(Some(Beaten::Full {
                video,
                expires_at_s,
                watched_ms: 0,
                open_streams,
                plan_is_known,
            }));
        }
        let Some(beat) = account.here.beat((session, shown), state, now) else { return Ok(None) };
        if change(bridge, account.change()).await? {
            let Beat { video, expires_at_s, watched_ms, write_due } = beat;
            // Where there is no room to hold it the session goes on all the same.
            let position = hold_position(bridge, user, video, position).await.unwrap_or(position);
            let mut streams = account.streams;
            streams.heard_of(session, now);
            return Ok(Some(Beaten::Kept { video, expires_at_s, watched_ms, write_due, position, streams }));
        }
    }
    Err(Failure::Overloaded.into())
}

/// Notes that a session's manifest URL was signed anew.
pub async fn renewed(
    bridge: &dyn Bridge,
    user: UserId,
    session: PlaybackSessionId,
    expires_at_s: u64,
) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        let mut account = account(bridge, user, None).await?;
        account.here.renewed(session, expires_at_s);
        if change(bridge, account.change()).await? {
            break;
        }
    }
    Ok(())
}

/// What a session came to that was ended here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedHere {
    /// It was ended before.
    Before,
    /// Now.
    Now(Ended),
}

/// Ends a session. None where nothing is known of it and its holder proves nothing.
pub async fn end(bridge: &dyn Bridge, end: &End) -> Result<Option<EndedHere>, StoreError> {
    let End { user, session, now, position, shown } = *end;
    for _ in 0..TRIES_MAX {
        let mut account = account(bridge, user, None).await?;
        if account.here.has_ended(session) {
            return Ok(Some(EndedHere::Before));
        }
        let Some(Shown { video, .. }) = account.here.known(session, shown) else { return Ok(None) };
        let watched_ms = account.here.end(session, now);
        if change(bridge, account.change()).await? {
            let telling = HeldEnd::holding(user, session, video, now);
            // Where there is no room to hold it, its slot in Redis runs out by itself.
            drop(change(bridge, telling).await);
            let position = match position {
                Some(position) => {
                    Some(hold_position(bridge, user, video, position).await.unwrap_or(position))
                }
                None => super::position(bridge, user, video).await?.and_then(|known| known.position),
            };
            let mut streams = account.streams;
            streams.ended(session);
            return Ok(Some(EndedHere::Now(Ended { video, watched_ms, position, streams })));
        }
    }
    Err(Failure::Overloaded.into())
}

/// An end that Redis has not heard of yet.
pub(crate) struct HeldEnd {
    user: UserId,
    session: PlaybackSessionId,
    video: VideoId,
    at: Timestamp,
    entry: Entry,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    video: VideoId,
    at_ms: i64,
}

impl HeldEnd {
    fn holding(user: UserId, session: PlaybackSessionId, video: VideoId, now: Timestamp) -> Step {
        let stored = Stored { video, at_ms: now.as_millisecond() };
        // An id and a number: serialization has nothing to fail at.
        let value = serde_json::to_vec(&stored).unwrap_or_default();
        keep(keys::end(user, session), value, None, Condition::Absent)
    }

    pub(super) fn read(user: UserId, session: PlaybackSessionId, entry: Entry) -> Option<Self> {
        let Stored { video, at_ms } = serde_json::from_slice(&entry.value).ok()?;
        Some(HeldEnd { user, session, video, at: Timestamp::from_millisecond(at_ms).ok()?, entry })
    }

    /// What Redis is to be told.
    pub(crate) fn end(&self) -> End {
        let shown = Some(Shown { video: self.video, expires_at_s: 0 });
        End { user: self.user, session: self.session, now: self.at, position: None, shown }
    }

    /// The step for when Redis knows it.
    pub(crate) fn letting_go(self) -> Step {
        Step::Forget(Removal { key: self.entry.key, version: self.entry.version })
    }
}
