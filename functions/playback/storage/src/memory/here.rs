//! What was opened and ended without Redis, of one account: as it stands in the bridge's memory.

use crate::sessions::{KEY_TTL_MS, POSTGRES_PAUSE_MS, SESSION_TTL_MS, Shown};
use jiff::Timestamp;
use mcsp_ids::{PlaybackSessionId, VideoId};
use playback_domain::{PlayerState, SLOT_TTL_MS, Streams, watched_ms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sessions without a slot that are remembered, and so many ends and Idempotency-Keys: those heard of last.
const REMEMBERED_MAX: usize = 16;
/// Sessions that have their slot here, as many as `lua/streams.lua` tells of. None is forgotten for another one: it would
/// not be counted any more. With all else they fit into one value of the memory.
const SLOTS_MAX: usize = 128;
/// Devices, as many as `lua/device_limit.lua` tells of; none is forgotten for another one either.
const DEVICES_MAX: usize = 64;

/// Sessions of one account by what became of them here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Here {
    #[serde(rename = "o", default)]
    open: BTreeMap<PlaybackSessionId, Stream>,
    /// With the time, in milliseconds since the Unix epoch.
    #[serde(rename = "e", default)]
    ended: BTreeMap<PlaybackSessionId, i64>,
    #[serde(rename = "k", default)]
    started: BTreeMap<String, Started>,
    /// Devices that something was opened on, with the time.
    #[serde(rename = "d", default)]
    devices: BTreeMap<String, i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stream {
    #[serde(rename = "v")]
    video: VideoId,
    #[serde(rename = "a")]
    at_ms: i64,
    #[serde(rename = "x")]
    expires_at_s: u64,
    #[serde(rename = "w")]
    watched_ms: u64,
    #[serde(rename = "p")]
    is_playing: bool,
    /// When others were last told of it.
    #[serde(rename = "t")]
    told_ms: i64,
}

/// What was started under an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The session.
    #[serde(rename = "s")]
    pub session: PlaybackSessionId,
    /// When its manifest URL expires, in Unix seconds.
    #[serde(rename = "x")]
    pub expires_at_s: u64,
    /// What was asked for: another request may not use the key.
    #[serde(rename = "r")]
    pub request: String,
}

/// A session that goes on.
pub(crate) struct Beat {
    pub video: VideoId,
    pub expires_at_s: u64,
    pub watched_ms: u64,
    pub write_due: bool,
}

impl Here {
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        // Ids, numbers and texts: serialization has nothing to fail at.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Adds what was opened here to the streams that Redis had, and takes away what was ended here.
    pub(crate) fn add_to(&self, streams: &mut Streams) {
        for (session, stream) in &self.open {
            streams.heard_of(*session, time(stream.at_ms));
        }
        for session in self.ended.keys() {
            streams.ended(*session);
        }
    }

    pub(crate) fn has_ended(&self, session: PlaybackSessionId) -> bool {
        self.ended.contains_key(&session)
    }

    pub(crate) fn started(&self, key: &str) -> Option<&Started> {
        self.started.get(key)
    }

    pub(crate) fn devices(&self) -> impl Iterator<Item = &str> {
        self.devices.keys().map(String::as_str)
    }

    /// Whether there is room for a session beside those that have their slot here.
    pub(crate) fn has_room_for(&self, session: PlaybackSessionId, now: Timestamp) -> bool {
        let others = self.open.iter().filter(|(other, stream)| **other != session && stream.has_slot(now));
        others.count() < SLOTS_MAX
    }

    /// Whether there is room for a device beside those that something was opened on here.
    pub(crate) fn has_room_on(&self, device: &str) -> bool {
        self.devices.contains_key(device) || self.devices.len() < DEVICES_MAX
    }

    /// A device begins to play. Without room it is one that a store has told of.
    pub(crate) fn plays_on(&mut self, device: &str, now: Timestamp) {
        if self.has_room_on(device) {
            self.devices.insert(device.to_owned(), now.as_millisecond());
        }
    }

    /// What is known of a session: here, or else by its holder's proof.
    pub(crate) fn known(&self, session: PlaybackSessionId, shown: Option<Shown>) -> Option<Shown> {
        let here = self.open.get(&session);
        here.map(|stream| Shown { video: stream.video, expires_at_s: stream.expires_at_s }).or(shown)
    }

    /// Where there is room for it.
    pub(crate) fn open(
        &mut self,
        (session, shown): (PlaybackSessionId, Shown),
        started: Option<(&str, Started)>,
        now: Timestamp,
    ) {
        self.prune(now);
        self.open.insert(session, Stream::new(shown, now));
        if let Some((key, started)) = started {
            self.started.insert(key.to_owned(), started);
        }
    }

    /// Notes a sign of life, where there is room for the session; none of one of which nothing is known.
    pub(crate) fn beat(
        &mut self,
        (session, shown): (PlaybackSessionId, Option<Shown>),
        state: PlayerState,
        now: Timestamp,
    ) -> Option<Beat> {
        let known = self.known(session, shown)?;
        self.prune(now);
        let stream = self.open.entry(session).or_insert_with(|| Stream::new(known, now));
        let watched_ms = watched_ms(stream.watched_ms, stream.state(), time(stream.at_ms), now);
        let now_ms = now.as_millisecond();
        let pause_ms = i64::try_from(POSTGRES_PAUSE_MS).unwrap_or(i64::MAX);
        let write_due = now_ms.saturating_sub(stream.told_ms) >= pause_ms;
        stream.at_ms = now_ms;
        stream.watched_ms = watched_ms;
        stream.is_playing = state == PlayerState::Playing;
        if write_due {
            stream.told_ms = now_ms;
        }
        Some(Beat { video: stream.video, expires_at_s: stream.expires_at_s, watched_ms, write_due })
    }

    pub(crate) fn renewed(&mut self, session: PlaybackSessionId, expires_at_s: u64) {
        if let Some(stream) = self.open.get_mut(&session) {
            stream.expires_at_s = expires_at_s;
        }
        for started in self.started.values_mut().filter(|started| started.session == session) {
            started.expires_at_s = expires_at_s;
        }
    }

    /// Ends a session, and gives for how long it was watched, as far as is known here.
    pub(crate) fn end(&mut self, session: PlaybackSessionId, now: Timestamp) -> u64 {
        self.prune(now);
        self.ended.insert(session, now.as_millisecond());
        let stream = self.open.remove(&session);
        stream.map_or(0, |stream| watched_ms(stream.watched_ms, stream.state(), time(stream.at_ms), now))
    }

    /// Forgets what is over, and the oldest of what is too much.
    fn prune(&mut self, now: Timestamp) {
        self.open.retain(|_, stream| since_ms(stream.at_ms, now) < SESSION_TTL_MS);
        // For longer than Redis knows it: what was started under an Idempotency-Key is remembered for so long, too.
        self.ended.retain(|_, at_ms| since_ms(*at_ms, now) < SESSION_TTL_MS);
        self.started.retain(|_, started| since_ms(expires_ms(started), now) < KEY_TTL_MS);
        drop_oldest(&mut self.open, |stream| (!stream.has_slot(now)).then_some(stream.at_ms));
        drop_oldest(&mut self.ended, |at_ms| Some(*at_ms));
        drop_oldest(&mut self.started, |started| Some(expires_ms(started)));
    }
}

impl Stream {
    fn new(shown: Shown, now: Timestamp) -> Self {
        Stream {
            video: shown.video,
            at_ms: now.as_millisecond(),
            expires_at_s: shown.expires_at_s,
            watched_ms: 0,
            is_playing: false,
            told_ms: now.as_millisecond(),
        }
    }

    fn has_slot(&self, now: Timestamp) -> bool {
        since_ms(self.at_ms, now) < SLOT_TTL_MS
    }

    fn state(&self) -> PlayerState {
        if self.is_playing { PlayerState::Playing } else { PlayerState::Paused }
    }
}

fn expires_ms(started: &Started) -> i64 {
    i64::try_from(started.expires_at_s).unwrap_or(i64::MAX).saturating_mul(1_000)
}

/// Makes room for one more among what may be forgotten: what has a time.
fn drop_oldest<K: Clone + Ord, V>(all: &mut BTreeMap<K, V>, time: impl Fn(&V) -> Option<i64>) {
    let timed = |(key, value): (&K, &V)| Some((time(value)?, key.clone()));
    let mut oldest: Vec<(i64, K)> = all.iter().filter_map(timed).collect();
    oldest.sort_unstable();
    let surplus = (oldest.len() + 1).saturating_sub(REMEMBERED_MAX);
    for (_, key) in oldest.into_iter().take(surplus) {
        all.remove(&key);
    }
}

fn since_ms(at_ms: i64, now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond().saturating_sub(at_ms)).unwrap_or_default()
}

/// What was written here was a time before.
fn time(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

// A session that was ended has no slot, however lately Redis had heard of it.
const _: () = assert!(SESSION_TTL_MS > SLOT_TTL_MS);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn session(number: u128) -> PlaybackSessionId {
        PlaybackSessionId::from_uuid(Uuid::from_u128(number))
    }

    fn shown() -> Shown {
        Shown { video: VideoId::from_uuid(Uuid::from_u128(9)), expires_at_s: 1_800_003_600 }
    }

    fn after(ms: u64) -> Timestamp {
        NOW + SignedDuration::from_millis(i64::try_from(ms).unwrap())
    }

    fn streams(here: &Here) -> Streams {
        let mut streams = Streams::default();
        here.add_to(&mut streams);
        streams
    }

    #[test]
    fn it_survives_the_way_through_the_memory() {
        let mut here = Here::default();
        let started = Started { session: session(1), expires_at_s: 1_800_003_600, request: "r".to_owned() };
        here.open((session(1), shown()), Some(("key", started.clone())), NOW);
        here.beat((session(1), None), PlayerState::Playing, after(1_000)).unwrap();
        here.end(session(2), NOW);
        here.plays_on("tv", NOW);
        let mut again = Here::read(&here.written()).unwrap();
        assert_eq!(again.started("key"), Some(&started));
        assert!(again.has_ended(session(2)) && again.devices().eq(["tv"]));
        assert_eq!(again.end(session(1), after(3_000)), 2_000);
    }

    #[test]
    fn what_is_not_known_here_goes_on_by_its_holders_proof() {
        let mut here = Here::default();
        assert!(here.beat((session(1), None), PlayerState::Playing, NOW).is_none());
        let beat = here.beat((session(1), Some(shown())), PlayerState::Playing, NOW).unwrap();
        assert_eq!((beat.video, beat.watched_ms, beat.write_due), (shown().video, 0, false));
        let beat = here.beat((session(1), None), PlayerState::Playing, after(POSTGRES_PAUSE_MS)).unwrap();
        assert!(beat.write_due);
        assert!(streams(&here).has_slot(session(1), after(POSTGRES_PAUSE_MS)));
    }

    #[test]
    fn an_end_takes_the_slot_that_redis_knew_of() {
        let mut here = Here::default();
        here.end(session(1), NOW);
        let mut streams = Streams::default();
        streams.heard_of(session(1), NOW);
        here.add_to(&mut streams);
        assert!(!streams.has_slot(session(1), NOW));
    }

    #[test]
    fn a_key_is_known_for_a_day_after_what_it_started_has_expired() {
        let mut here = Here::default();
        let started = Started { session: session(1), expires_at_s: 1_800_000_001, request: String::new() };
        here.open((session(1), shown()), Some(("key", started)), NOW);
        for (ms, is_known) in [(1_000 + KEY_TTL_MS - 1, true), (1_000 + KEY_TTL_MS, false)] {
            here.prune(after(ms));
            assert_eq!(here.started("key").is_some(), is_known);
        }
    }

    #[test]
    fn what_was_started_expires_as_it_was_last_renewed() {
        let mut here = Here::default();
        let started = Started { session: session(1), expires_at_s: 1_800_000_001, request: String::new() };
        here.open((session(1), shown()), Some(("key", started)), NOW);
        here.renewed(session(1), 1_800_007_200);
        assert_eq!(here.started("key").unwrap().expires_at_s, 1_800_007_200);
        here.end(session(1), NOW);
        assert!(here.has_ended(session(1)) && here.started("key").is_some());
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let mut here = Here::default();
        for number in 0..1_000 {
            // The longest that there are, each character of which takes another one to be written.
            let (key, request) = (format!("{number:\"<255}"), format!("{number:\"<350}"));
            let started = Started { session: session(number), expires_at_s: 1_800_003_600, request };
            let at = after(u64::try_from(number).unwrap() * SLOT_TTL_MS / 100);
            here.open((session(number), shown()), Some((&key, started)), at);
            here.end(session(number + 5_000), at);
            here.plays_on(&format!("{number:\"<128}"), at);
        }
        assert!(here.started.len() <= REMEMBERED_MAX && here.ended.len() <= REMEMBERED_MAX);
        assert_eq!((here.open.len(), here.devices.len()), (100 + REMEMBERED_MAX - 1, DEVICES_MAX));
        assert!(here.open.contains_key(&session(999)) && !here.open.contains_key(&session(1)));
        for number in 0.. {
            if !here.has_room_for(session(number), after(SLOT_TTL_MS * 10)) {
                break;
            }
            here.open((session(number), shown()), None, after(SLOT_TTL_MS * 10));
        }
        assert!(here.written().len() < 64 << 10, "the memory takes it");
    }

    #[test]
    fn what_has_its_slot_is_never_forgotten_for_another() {
        let mut here = Here::default();
        for number in 0.. {
            if !here.has_room_for(session(number), NOW) {
                break;
            }
            here.open((session(number), shown()), None, NOW);
        }
        assert_eq!(streams(&here).others_open(session(9_999), NOW), u32::try_from(SLOTS_MAX).unwrap());
        assert!(here.has_room_for(session(0), NOW), "one that has a slot keeps it");
        here.end(session(0), NOW);
        assert!(here.has_room_for(session(9_999), NOW), "an end makes room");
        assert!(here.has_room_for(session(9_999), after(SLOT_TTL_MS)), "and so does time");
        for number in 0..DEVICES_MAX {
            here.plays_on(&number.to_string(), NOW);
        }
        assert!(here.has_room_on("0") && !here.has_room_on("another"));
        assert_eq!(here.devices().count(), DEVICES_MAX);
    }
}
