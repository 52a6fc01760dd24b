//! What Redis has lost while no other store can tell: it comes back into Redis from what is remembered, and is as old as that.

use crate::scene::{PLAN_LEVEL, SESSIONS, Scene, expect, text};
use mcsp_bridge_api::redis::Operation;
use playback_storage::videos::{self, Announcement, Loaded, Source};
use playback_storage::{Bounds, Redis};
use serde_json::{Value, json};

const OTHERS: [&str; 2] = ["postgres", "content"];
/// Of `stale_ttl_s`, and the minute within which a copy is made anew.
const GONE_AFTER_S: u64 = 16 * 60;
const STEP_S: u64 = 4 * 60;

impl Scene {
    async fn video_is_lost_in_redis(&self) {
        let words = ["DEL".to_owned(), format!("playback:video:{{{}}}", self.video)];
        let words = words.into_iter().map(String::into_bytes).collect();
        self.bed.bridge(SESSIONS).pipeline(vec![Operation::Command(words)]).await.unwrap();
    }

    /// For the function and for the memory.
    fn both_clocks_pass(&self, seconds: u64) {
        self.bed.pass(i64::try_from(seconds).unwrap());
        self.bed.memory_passes(seconds);
    }

    /// Starts, and waits until what the start told is remembered. Gives where it came from, and how old it was.
    async fn starts(&self) -> (String, u64) {
        let session = expect(self.start().await, 201);
        let id = session["id"].as_str().unwrap();
        self.until("the start is remembered", async || {
            let bridge = self.bed.bridge(SESSIONS);
            let account = playback_storage::memory::account(&*bridge, self.user, None).await.unwrap();
            account.streams().iter().any(|(session, _)| session.to_string() == id)
        })
        .await;
        assert_eq!(self.end(&session).await.status, 204);
        (text(&session, "served_from").to_owned(), session["stale_ms"].as_u64().unwrap())
    }

    /// So old, and what it takes here.
    async fn starts_with_a_copy(&self, age_s: u64) {
        for is_lost in [true, false, false] {
            let (source, stale_ms) = self.starts().await;
            // What Redis got of it may have gone again by now.
            assert!(source == "memory" || (source == "redis" && !is_lost), "{source}");
            let expected_ms = (age_s * 1_000).max(1)..(age_s + 120) * 1_000;
            assert!(expected_ms.contains(&stale_ms), "{age_s} s: {stale_ms}");
        }
    }

    async fn is_unknown(&self) {
        let denied = self.start().await;
        assert_eq!((denied.status, denied.code()), (503, "entitlement_unknown"), "{}", denied.json);
    }
}

#[tokio::test]
async fn a_video_that_redis_has_lost_is_played_from_memory_for_so_long_and_no_longer() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.until_the_video_is_remembered().await;
    scene.down(&OTHERS, true);
    for age_s in (0..GONE_AFTER_S).step_by(usize::try_from(STEP_S).unwrap()) {
        scene.video_is_lost_in_redis().await;
        scene.starts_with_a_copy(age_s).await;
        scene.both_clocks_pass(STEP_S);
    }
    scene.video_is_lost_in_redis().await;
    scene.is_unknown().await;
    scene.down(&OTHERS, false);
    for source in ["postgres", "redis"] {
        assert_eq!(scene.starts().await, (source.to_owned(), 0));
    }
}

#[tokio::test]
async fn a_plan_that_redis_has_lost_counts_for_so_long_and_no_longer() {
    let scene = Scene::new().await;
    scene.announce(2, "subscribers").await;
    scene.subscribes(json!({"level": PLAN_LEVEL, "streams": 5})).await;
    scene.seen().await;
    scene.down(&OTHERS, true);
    for age_s in (0..GONE_AFTER_S).step_by(usize::try_from(STEP_S).unwrap()) {
        scene.redis_loses("subscription").await;
        scene.starts_with_a_copy(age_s).await;
        scene.both_clocks_pass(STEP_S);
    }
    scene.redis_loses("subscription").await;
    scene.is_unknown().await;
}

#[tokio::test]
async fn what_was_not_confirmed_takes_the_place_of_nothing_that_was() {
    let scene = Scene::new().await;
    let bridge = scene.bed.bridge(SESSIONS);
    let told = async || {
        let found = videos::cached(&*bridge, scene.video, scene.bed.now()).await;
        found.unwrap().map(|loaded| (loaded.version.number, loaded.stale_ms))
    };
    let bounds = Bounds { patience_ms: 10_000, stale_ttl_ms: 900_000 };
    let redis = Redis::within(&*bridge, &bounds);
    let copy = |number: u64, stale_ms| {
        let announced: Announcement = serde_json::from_value(announced(&scene, number)).unwrap();
        let version = announced.try_into().unwrap();
        Loaded { version, source: Source::Memory, stale_ms }
    };
    assert_eq!(told().await, Some((1, 0)));
    let now = scene.bed.now();
    videos::keep_loaded(redis, scene.video, &copy(1, 5_000), now).await.unwrap();
    assert_eq!(told().await, Some((1, 0)), "a store has it");
    videos::keep_loaded(redis, scene.video, &copy(2, 5_000), now).await.unwrap();
    assert!(told().await.is_some_and(|(number, stale_ms)| number == 2 && stale_ms >= 5_000));
    scene.announce(2, "public").await;
    assert_eq!(told().await, Some((2, 0)), "and now it is confirmed");
    videos::keep_loaded(redis, scene.video, &copy(3, 5_000), now).await.unwrap();
    assert!(told().await.is_some_and(|(number, stale_ms)| number == 3 && stale_ms >= 5_000));
    // As it is kept by who knows nothing of what was not confirmed.
    let words =
        ["HSET".to_owned(), format!("playback:video:{{{}}}", scene.video), "version".into(), "4".into()];
    let words = words.into_iter().map(String::into_bytes).collect();
    bridge.pipeline(vec![Operation::Command(words)]).await.unwrap();
    assert_eq!(told().await, Some((4, 0)), "another version than what was not");
}

fn announced(scene: &Scene, version: u64) -> Value {
    json!({"video_id": scene.video, "owner_id": scene.user, "version": version, "state": "unpublished",
        "visibility": "public"})
}
