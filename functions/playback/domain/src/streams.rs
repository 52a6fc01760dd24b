//! Streams: what keeps a slot of the account, and for how long.

use jiff::Timestamp;
use mcsp_ids::PlaybackSessionId;
use std::collections::BTreeMap;

/// How often a player says that it is still there.
pub const HEARTBEAT_INTERVAL_MS: u64 = 10_000;
/// After this many heartbeats that did not come, the slot is free.
pub const HEARTBEATS_MISSED_MAX: u64 = 3;
/// How long a slot is held without a heartbeat.
pub const SLOT_TTL_MS: u64 = HEARTBEAT_INTERVAL_MS * HEARTBEATS_MISSED_MAX;

/// What a player does. A paused one keeps its slot, and its time does not count as watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerState {
    /// The picture moves.
    Playing,
    /// It stands still.
    Paused,
}

impl PlayerState {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlayerState::Playing => "playing",
            PlayerState::Paused => "paused",
        }
    }
}

/// How long something was watched: a player that was playing when it was last heard of is taken to have gone on, but
/// not for longer than a slot is held.
pub fn watched_ms(before_ms: u64, was: PlayerState, since: Timestamp, now: Timestamp) -> u64 {
    let on_ms = u64::try_from(now.as_millisecond() - since.as_millisecond()).unwrap_or_default();
    match was {
        PlayerState::Playing => before_ms.saturating_add(on_ms.min(SLOT_TTL_MS)),
        PlayerState::Paused => before_ms,
    }
}

/// The streams of an account, each with the time at which it was last heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streams(BTreeMap<PlaybackSessionId, Timestamp>);

impl Streams {
    /// A stream was heard of. Of two times the later one counts.
    pub fn heard_of(&mut self, session: PlaybackSessionId, at: Timestamp) {
        let known = self.0.entry(session).or_insert(at);
        *known = (*known).max(at);
    }

    /// A stream was ended.
    pub fn ended(&mut self, session: PlaybackSessionId) {
        self.0.remove(&session);
    }

    /// Whether a stream has its slot.
    pub fn has_slot(&self, session: PlaybackSessionId, now: Timestamp) -> bool {
        self.0.get(&session).is_some_and(|at| is_open(*at, now))
    }

    /// How many streams besides this one have a slot.
    pub fn others_open(&self, session: PlaybackSessionId, now: Timestamp) -> u32 {
        let others = self.0.iter().filter(|(other, at)| **other != session && is_open(**at, now));
        u32::try_from(others.count()).unwrap_or(u32::MAX)
    }

    /// Each stream, with when it was last heard of.
    pub fn iter(&self) -> impl Iterator<Item = (PlaybackSessionId, Timestamp)> {
        self.0.iter().map(|(session, at)| (*session, *at))
    }
}

fn is_open(at: Timestamp, now: Timestamp) -> bool {
    let slot_ttl_ms = i64::try_from(SLOT_TTL_MS).unwrap_or(i64::MAX);
    now.as_millisecond().saturating_sub(at.as_millisecond()) < slot_ttl_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn session(number: u128) -> PlaybackSessionId {
        PlaybackSessionId::from_uuid(Uuid::from_u128(number))
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap()
    }

    #[test]
    fn a_stream_that_is_not_heard_of_loses_its_slot() {
        let mut streams = Streams::default();
        streams.heard_of(session(1), at(1_000));
        streams.heard_of(session(1), at(500));
        streams.heard_of(session(2), at(0));
        let last = at(1_000 + SLOT_TTL_MS - 1);
        assert!(streams.has_slot(session(1), last), "the later time counts");
        assert_eq!((streams.others_open(session(3), last), streams.others_open(session(1), last)), (1, 0));
        assert_eq!(streams.others_open(session(3), at(1_000 + SLOT_TTL_MS)), 0);
        streams.ended(session(1));
        assert!(!streams.has_slot(session(1), last));
    }

    #[test]
    fn only_playing_counts_as_watched_and_no_longer_than_a_slot_is_held() {
        assert_eq!(watched_ms(5, PlayerState::Playing, at(0), at(1_000)), 1_005);
        assert_eq!(watched_ms(5, PlayerState::Paused, at(0), at(1_000)), 5);
        assert_eq!(watched_ms(5, PlayerState::Playing, at(0), at(10 * SLOT_TTL_MS)), 5 + SLOT_TTL_MS);
        assert_eq!(watched_ms(5, PlayerState::Playing, at(1_000), at(0)), 5, "clocks differ");
    }
}
