//! The scripts, on a real Redis. Each test has accounts and videos of its own; time is what it says it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of tests may fail as tests do"
)]

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::Bridge;
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use mcsp_testbed::{Setup, Testbed, new_id};
use playback_domain::{
    AccountState, Device, HEARTBEAT_INTERVAL_MS, HoldsFor, PlayerState, Position, Region, SLOT_TTL_MS, Viewer,
};
use playback_storage::accounts;
use playback_storage::positions::{self, Known, LOADED_MAX};
use playback_storage::videos::{self, Announcement, Version};
use playback_storage::{
    Beaten, End, Ended, Exhausted, Heartbeat, Opened, Shown, Start, StartOutcome, StoreError, Yes, beat, end,
    note_renewal, start,
};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

const LIMIT: u32 = 3;
const DEVICES: u32 = 5;

/// One viewer, one video and one time.
struct Scene {
    redis: Arc<dyn Bridge>,
    viewer: Viewer,
    device: Device,
    video: VideoId,
    now: Timestamp,
}

impl Scene {
    /// A video at version 1 that Redis knows, and a viewer.
    async fn new() -> Scene {
        let scene = Scene::cold().await;
        videos::keep(&*scene.redis, scene.video, &version(scene.video, 1)).await.unwrap();
        scene
    }

    async fn cold() -> Scene {
        let bed = Testbed::without_database("playback", Setup::default()).await;
        Scene {
            redis: bed.bridge("playback-sessions"),
            viewer: Viewer {
                unlocked: None,
                user: new_id(),
                region: Region::parse("eu").unwrap(),
                age_reached: None,
                stream_limit: LIMIT,
                device_limit: DEVICES,
                embedder: None,
            },
            device: Device::parse("tv".into(), Some("Kitchen".into())).unwrap(),
            video: new_id(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    fn after(&mut self, ms: u64) {
        self.now += SignedDuration::from_millis(i64::try_from(ms).unwrap());
    }

    fn attempt<'a>(&'a self, key: Option<&'a str>) -> Start<'a> {
        Start {
            session: new_id(),
            video: self.video,
            viewer: &self.viewer,
            device: &self.device,
            now: self.now,
            expires_at_s: u64::try_from(self.now.as_second()).unwrap() + 3600,
            counts_known_devices: true,
            idempotency_key: key,
        }
    }

    async fn start_under(&self, yes: Option<Yes>) -> StartOutcome {
        start(&*self.redis, &self.attempt(None), yes).await.unwrap()
    }

    /// Opens a session, or tells how many are open.
    async fn open(&self) -> Result<Opened, u32> {
        match self.start_under(Some(YES)).await {
            StartOutcome::Opened(_, opened) => Ok(opened),
            StartOutcome::Full(_, Exhausted::Streams(open)) => Err(open),
            other => panic!("{other:?}"),
        }
    }

    async fn beat(&self, session: PlaybackSessionId, position_ms: u64, state: PlayerState) -> Beaten {
        let heartbeat = Heartbeat {
            user: self.viewer.user,
            session,
            now: self.now,
            stream_limit: LIMIT,
            position: at(position_ms, self.now),
            state,
            shown: None,
        };
        beat(&*self.redis, &heartbeat).await.unwrap()
    }

    async fn end(&self, session: PlaybackSessionId) -> Result<Option<Ended>, StoreError> {
        let (user, now) = (self.viewer.user, self.now);
        end(&*self.redis, &End { user, session, now, position: None, shown: None }).await
    }

    async fn position(&self) -> Known {
        positions::known(&*self.redis, self.viewer.user, self.video).await.unwrap()
    }
}

const YES: Yes = Yes { version: 1, holds_for: HoldsFor::Region, account: AccountState::Active };

fn at(position_ms: u64, time: Timestamp) -> Position {
    Position::told(position_ms, Some(time), time).unwrap()
}

fn version(video: VideoId, number: u64) -> Version {
    let announced = json!({
        "video_id": video, "owner_id": UserId::from_uuid(Uuid::from_u128(7)), "version": number,
        "state": "published", "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
        "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8", "dash": "manifest.mpd"},
    });
    serde_json::from_str::<Announcement>(&announced.to_string()).unwrap().try_into().unwrap()
}

#[tokio::test]
async fn a_hundred_starts_at_once_open_exactly_as_many_as_the_limit() {
    let scene = Scene::new().await;
    let opened = join_all((0..100).map(|_| scene.open())).await;
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), LIMIT as usize);
    assert!(opened.iter().filter_map(|opened| opened.err()).all(|open| open == LIMIT));
}

#[tokio::test]
async fn a_hundred_devices_at_once_take_exactly_as_many_places_as_there_are() {
    let mut scene = Scene::new().await;
    scene.viewer.stream_limit = 1_000;
    let devices: Vec<_> =
        (0..100).map(|number| Device::parse(format!("tv-{number}"), None).unwrap()).collect();
    let starts: Vec<_> = devices.iter().map(|device| Start { device, ..scene.attempt(None) }).collect();
    let outcomes = join_all(starts.iter().map(|attempt| start(&*scene.redis, attempt, Some(YES)))).await;
    let (mut opened, mut refused) = (0, 0);
    for outcome in outcomes {
        match outcome.unwrap() {
            StartOutcome::Opened(..) => opened += 1,
            StartOutcome::Full(_, Exhausted::Devices(DEVICES)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((opened, refused), (DEVICES, 100 - DEVICES));
}

#[tokio::test]
async fn a_device_that_was_not_used_for_long_takes_no_place() {
    let mut scene = Scene::new().await;
    scene.viewer.device_limit = 1;
    scene.open().await.unwrap();
    let other = Device::parse("phone".into(), None).unwrap();
    let day_ms = 24 * 60 * 60 * 1000;
    for (after_ms, is_refused) in [(0, true), (179 * day_ms, true), (2 * day_ms, false)] {
        scene.after(after_ms);
        let attempt = Start { device: &other, ..scene.attempt(None) };
        let outcome = start(&*scene.redis, &attempt, Some(YES)).await.unwrap();
        assert_eq!(
            matches!(outcome, StartOutcome::Full(_, Exhausted::Devices(1))),
            is_refused,
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn without_a_yes_no_slot_is_taken() {
    let scene = Scene::new().await;
    for _ in 0..10 {
        assert!(matches!(scene.start_under(None).await, StartOutcome::Undecided(_)));
    }
    let opened = scene.open().await.unwrap();
    assert_eq!(opened.others_open, 0);
}

#[tokio::test]
async fn a_yes_holds_for_the_region_and_not_for_another() {
    let mut scene = Scene::new().await;
    scene.open().await.unwrap();
    scene.viewer.user = new_id();
    assert!(matches!(scene.start_under(None).await, StartOutcome::Opened(..)));
    scene.viewer.region = Region::parse("us").unwrap();
    assert!(matches!(scene.start_under(None).await, StartOutcome::Undecided(_)));
}

#[tokio::test]
async fn a_yes_for_one_viewer_holds_for_no_other() {
    let mut scene = Scene::new().await;
    let yes = Yes { holds_for: HoldsFor::Viewer, ..YES };
    assert!(matches!(scene.start_under(Some(yes)).await, StartOutcome::Opened(..)));
    assert!(matches!(scene.start_under(None).await, StartOutcome::Opened(..)));
    scene.viewer.user = new_id();
    assert!(matches!(scene.start_under(None).await, StartOutcome::Undecided(_)));
}

#[tokio::test]
async fn a_yes_goes_with_the_version_that_it_was_about() {
    let scene = Scene::new().await;
    scene.open().await.unwrap();
    videos::keep(&*scene.redis, scene.video, &version(scene.video, 2)).await.unwrap();
    assert!(matches!(scene.start_under(None).await, StartOutcome::Undecided(_)));
    assert!(matches!(scene.start_under(Some(YES)).await, StartOutcome::Undecided(_)));
}

#[tokio::test]
async fn the_read_model_never_goes_back_in_time() {
    let scene = Scene::cold().await;
    assert!(matches!(scene.start_under(None).await, StartOutcome::Cold(_)));
    for (told, known) in [(2, 2), (1, 2), (2, 2), (10, 10), (9, 10)] {
        videos::keep(&*scene.redis, scene.video, &version(scene.video, told)).await.unwrap();
        let cached = videos::cached(&*scene.redis, scene.video, scene.now).await.unwrap().unwrap();
        assert_eq!((cached.version.number, cached.stale_ms), (known, 0), "after {told}");
    }
}

#[tokio::test]
async fn after_three_missed_heartbeats_the_slot_is_free() {
    let mut scene = Scene::new().await;
    for _ in 0..LIMIT {
        scene.open().await.unwrap();
    }
    scene.after(SLOT_TTL_MS - 1);
    assert_eq!(scene.open().await.unwrap_err(), LIMIT);
    scene.after(1);
    assert_eq!(scene.open().await.unwrap().others_open, 0);
}

#[tokio::test]
async fn a_heartbeat_keeps_the_slot() {
    let mut scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    for _ in 0..10 {
        scene.after(HEARTBEAT_INTERVAL_MS);
        assert!(matches!(scene.beat(session, 1, PlayerState::Paused).await, Beaten::Kept { .. }));
    }
    assert_eq!(scene.open().await.unwrap().others_open, 1);
}

#[tokio::test]
async fn a_session_that_lost_its_slot_takes_another_only_if_one_is_free() {
    let mut scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    scene.after(SLOT_TTL_MS);
    let others = join_all((0..LIMIT).map(|_| scene.open())).await;
    let full = scene.beat(session, 1, PlayerState::Playing).await;
    assert!(matches!(full, Beaten::Full { open_streams: LIMIT, .. }), "{full:?}");
    let other = others[0].unwrap().session;
    scene.end(other).await.unwrap().unwrap();
    assert!(matches!(scene.beat(session, 1, PlayerState::Playing).await, Beaten::Kept { .. }));
    assert_eq!(scene.open().await.unwrap_err(), LIMIT);
}

#[tokio::test]
async fn ending_frees_the_slot_and_is_done_once() {
    let scene = Scene::new().await;
    let sessions = join_all((0..LIMIT).map(|_| scene.open())).await;
    let session = sessions[0].unwrap().session;
    assert_eq!(scene.end(session).await.unwrap().unwrap().position, None);
    assert_eq!(scene.end(session).await.unwrap(), None);
    assert_eq!(scene.open().await.unwrap().others_open, LIMIT - 1);
}

#[tokio::test]
async fn another_account_has_no_part_in_a_session() {
    let scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    let mut other = Scene::cold().await;
    other.video = scene.video;
    assert_eq!(other.beat(session, 1, PlayerState::Playing).await, Beaten::Unknown);
    assert_eq!(other.end(session).await.unwrap(), None);
    assert!(matches!(scene.beat(session, 1, PlayerState::Playing).await, Beaten::Kept { .. }));
}

#[tokio::test]
async fn a_key_gives_its_first_session_and_takes_one_slot() {
    let mut scene = Scene::new().await;
    let under =
        async |scene: &Scene, key| match start(&*scene.redis, &scene.attempt(Some(key)), Some(YES)).await {
            Ok(StartOutcome::Opened(_, opened)) => Some(opened),
            Ok(StartOutcome::KeyReused) => None,
            other => panic!("{other:?}"),
        };
    let first = under(&scene, "k1").await.unwrap();
    scene.after(5_000);
    let second = under(&scene, "k1").await.unwrap();
    assert_eq!((first.session, first.expires_at_s), (second.session, second.expires_at_s));
    assert_eq!((first.again, second.again), (false, true));
    let other = under(&scene, "k2").await.unwrap();
    assert_eq!(other.others_open, 1);
    assert_ne!(other.session, first.session);
    scene.device = Device::parse("phone".into(), None).unwrap();
    assert!(under(&scene, "k1").await.is_none());
}

#[tokio::test]
async fn a_key_used_a_hundred_times_at_once_opens_one_session() {
    let scene = Scene::new().await;
    let attempts: Vec<Start<'_>> = (0..100).map(|_| scene.attempt(Some("k"))).collect();
    let outcomes = join_all(attempts.iter().map(|attempt| start(&*scene.redis, attempt, Some(YES)))).await;
    let sessions: std::collections::BTreeSet<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome.unwrap() {
            StartOutcome::Opened(_, opened) => opened.session,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn only_the_time_of_playing_counts_as_watched() {
    let mut scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    let mut watched = Vec::new();
    for (pause_ms, state) in [
        (1_000, PlayerState::Playing),
        (10_000, PlayerState::Paused),
        (10_000, PlayerState::Playing),
        (60_000_000, PlayerState::Playing),
    ] {
        scene.after(pause_ms);
        match scene.beat(session, 1, state).await {
            Beaten::Kept { watched_ms, .. } => watched.push(watched_ms),
            other => panic!("{other:?}"),
        }
    }
    // The last pause is longer than any between two heartbeats, so no more than a slot's lifetime counts.
    assert_eq!(watched, [0, 10_000, 10_000, 10_000 + SLOT_TTL_MS]);
}

#[tokio::test]
async fn postgres_is_due_once_in_thirty_seconds() {
    let mut scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    let mut due = Vec::new();
    for _ in 0..7 {
        scene.after(10_000);
        let beats = join_all((0..5).map(|_| scene.beat(session, 1, PlayerState::Playing))).await;
        due.push(
            beats.iter().filter(|beaten| matches!(beaten, Beaten::Kept { write_due: true, .. })).count(),
        );
    }
    assert_eq!(due, [0, 0, 1, 0, 0, 1, 0]);
}

#[tokio::test]
async fn the_last_heartbeats_position_is_there_after_the_end() {
    let mut scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    scene.beat(session, 4_000, PlayerState::Playing).await;
    scene.after(1_000);
    let ended = scene.end(session).await.unwrap().unwrap();
    assert_eq!((ended.position.unwrap().position_ms(), ended.watched_ms), (Some(4_000), 1_000));
    match scene.start_under(None).await {
        StartOutcome::Opened(read, _) => assert_eq!(read.position, Known::Yes(ended.position)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_later_position_stays_in_whatever_order_they_come() {
    let scene = Scene::cold().await;
    assert_eq!(scene.position().await, Known::No);
    let minutes = |count| scene.now + SignedDuration::from_mins(count);
    for (told, counting) in [(3, 3), (1, 3), (4, 4), (2, 4)] {
        let position = at(u64::try_from(told).unwrap(), minutes(told));
        let kept = positions::put(&*scene.redis, scene.viewer.user, scene.video, position).await.unwrap();
        assert_eq!(kept, at(u64::try_from(counting).unwrap(), minutes(counting)));
        assert_eq!(scene.position().await, Known::Yes(Some(kept)));
    }
}

#[tokio::test]
async fn once_all_positions_are_loaded_a_video_without_one_has_none() {
    let scene = Scene::cold().await;
    let (other, position) = (new_id(), at(1, scene.now));
    positions::put(&*scene.redis, scene.viewer.user, other, position).await.unwrap();
    assert_eq!(scene.position().await, Known::No, "other positions of the account say nothing");
    positions::refill(&*scene.redis, scene.viewer.user, &[(other, position)]).await.unwrap();
    assert_eq!(scene.position().await, Known::Yes(None));
}

#[tokio::test]
async fn a_load_that_reached_its_bound_says_nothing_of_other_videos() {
    for (loaded, expected) in [(LOADED_MAX - 1, Known::Yes(None)), (LOADED_MAX, Known::NotAmongNewest)] {
        let scene = Scene::cold().await;
        let newest: Vec<_> = (0..loaded).map(|_| (new_id(), at(1, scene.now))).collect();
        positions::refill(&*scene.redis, scene.viewer.user, &newest).await.unwrap();
        assert_eq!(scene.position().await, expected, "{loaded}");
    }
}

#[tokio::test]
async fn what_is_loaded_is_there_whole_in_a_hash_that_was_half_full() {
    let scene = Scene::cold().await;
    let user = scene.viewer.user;
    for _ in 0..600 {
        positions::put(&*scene.redis, user, new_id(), at(1, scene.now)).await.unwrap();
    }
    let loaded: Vec<_> = (0..LOADED_MAX - 1).map(|_| (new_id(), at(2, scene.now))).collect();
    positions::refill(&*scene.redis, user, &loaded).await.unwrap();
    for (video, position) in loaded {
        let known = positions::known(&*scene.redis, user, video).await.unwrap();
        assert_eq!(known, Known::Yes(Some(position)));
    }
    assert_eq!(scene.position().await, Known::NotAmongNewest, "what made room may come to Postgres later");
}

#[tokio::test]
async fn positions_are_bounded_per_account() {
    let scene = Scene::cold().await;
    let video = |number: u128| VideoId::from_uuid(Uuid::from_u128(number));
    let full: Vec<_> = (0..1000).map(|number| (video(number), at(1, scene.now))).collect();
    positions::refill(&*scene.redis, scene.viewer.user, &full[..999]).await.unwrap();
    // 999 and the mark that they are all: the next one begins anew.
    positions::put(&*scene.redis, scene.viewer.user, full[999].0, full[999].1).await.unwrap();
    let known =
        async |number| positions::known(&*scene.redis, scene.viewer.user, video(number)).await.unwrap();
    assert_eq!(known(999).await, Known::Yes(Some(full[999].1)));
    assert_eq!(known(0).await, Known::No);
}

#[tokio::test]
async fn a_renewal_does_not_bring_back_an_ended_session() {
    let scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    let renew = || note_renewal(&*scene.redis, scene.viewer.user, session, (1_900_000_000, None));
    assert!(renew().await.unwrap());
    let beaten = scene.beat(session, 1, PlayerState::Playing).await;
    assert!(matches!(beaten, Beaten::Kept { expires_at_s: 1_900_000_000, .. }), "{beaten:?}");
    scene.end(session).await.unwrap();
    assert!(!renew().await.unwrap());
    assert_eq!(scene.beat(session, 1, PlayerState::Playing).await, Beaten::Unknown);
}

#[tokio::test]
async fn a_session_that_redis_does_not_know_is_taken_in_on_its_holders_proof() {
    let mut scene = Scene::new().await;
    let shown = Some(Shown { video: scene.video, expires_at_s: 1_900_000_000 });
    let session: PlaybackSessionId = new_id();
    let heartbeat = |scene: &Scene, session, shown| Heartbeat {
        user: scene.viewer.user,
        session,
        now: scene.now,
        stream_limit: LIMIT,
        position: at(1, scene.now),
        state: PlayerState::Playing,
        shown,
    };
    assert_eq!(beat(&*scene.redis, &heartbeat(&scene, session, None)).await.unwrap(), Beaten::Unknown);
    let taken_in = beat(&*scene.redis, &heartbeat(&scene, session, shown)).await.unwrap();
    assert!(
        matches!(taken_in, Beaten::Kept { expires_at_s: 1_900_000_000, watched_ms: 0, write_due: true, .. }),
        "{taken_in:?}"
    );
    scene.after(1_000);
    let next = beat(&*scene.redis, &heartbeat(&scene, session, None)).await.unwrap();
    assert!(matches!(next, Beaten::Kept { watched_ms: 1_000, .. }), "from now on Redis knows it: {next:?}");

    // Its slot counts, and it gets none beyond the limit.
    for _ in 1..LIMIT {
        scene.open().await.unwrap();
    }
    assert_eq!(scene.open().await.unwrap_err(), LIMIT);
    let another = beat(&*scene.redis, &heartbeat(&scene, new_id(), shown)).await.unwrap();
    assert!(matches!(another, Beaten::Full { open_streams: LIMIT, .. }), "{another:?}");

    // What has ended stays ended, whatever its holder proves.
    scene.end(session).await.unwrap().unwrap();
    assert_eq!(beat(&*scene.redis, &heartbeat(&scene, session, shown)).await.unwrap(), Beaten::Unknown);
}

#[tokio::test]
async fn the_accounts_streams_are_told() {
    let mut scene = Scene::new().await;
    let first = scene.open().await.unwrap().session;
    scene.after(5_000);
    let second = match scene.start_under(Some(YES)).await {
        StartOutcome::Opened(read, opened) => {
            let told: Vec<_> = read.streams.iter().collect();
            let expected = [(first, scene.now - SignedDuration::from_secs(5)), (opened.session, scene.now)];
            assert_eq!(told, expected);
            opened.session
        }
        other => panic!("{other:?}"),
    };
    let ended = scene.end(first).await.unwrap().unwrap();
    assert_eq!(ended.streams.iter().collect::<Vec<_>>(), [(second, scene.now)]);
    match scene.beat(second, 1, PlayerState::Playing).await {
        Beaten::Kept { streams, .. } => assert_eq!(streams.iter().collect::<Vec<_>>(), [(second, scene.now)]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_position_is_kept_in_a_video_that_is_known() {
    let scene = Scene::new().await;
    let put = async |video| {
        positions::put_in_known(&*scene.redis, scene.viewer.user, video, at(5, scene.now)).await.unwrap()
    };
    assert_eq!(put(scene.video).await, Some(at(5, scene.now)));
    assert_eq!(put(new_id()).await, None);
}

#[tokio::test]
async fn an_account_that_is_not_just_active_takes_no_slot_without_a_yes_to_that() {
    let scene = Scene::new().await;
    let user = scene.viewer.user;
    accounts::keep(&*scene.redis, user, 2, AccountState::Suspended).await.unwrap();
    let StartOutcome::Undecided(read) = scene.start_under(Some(YES)).await else {
        panic!("a slot was taken")
    };
    assert_eq!(read.account.state, AccountState::Suspended);
    accounts::keep(&*scene.redis, user, 1, AccountState::Active).await.unwrap();
    assert!(matches!(scene.start_under(Some(YES)).await, StartOutcome::Undecided(_)), "an older state");
    accounts::keep(&*scene.redis, user, 3, AccountState::Closed).await.unwrap();
    let yes = Yes { account: AccountState::Closed, ..YES };
    assert!(matches!(scene.start_under(Some(yes)).await, StartOutcome::Opened(_, _)));
}

#[tokio::test]
async fn a_suspended_account_loses_its_slots() {
    let scene = Scene::new().await;
    let session = scene.open().await.unwrap().session;
    accounts::keep(&*scene.redis, scene.viewer.user, 2, AccountState::Suspended).await.unwrap();
    let beaten = scene.beat(session, 1, PlayerState::Playing).await;
    assert_eq!(beaten, Beaten::Suspended { video: scene.video, watched_ms: 0 });
    accounts::keep(&*scene.redis, scene.viewer.user, 3, AccountState::Active).await.unwrap();
    assert_eq!(scene.open().await.unwrap().others_open, 0);
    assert!(matches!(scene.beat(session, 1, PlayerState::Playing).await, Beaten::Kept { .. }));
}
