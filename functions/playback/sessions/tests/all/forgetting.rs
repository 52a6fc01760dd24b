//! `DELETE /v1/playback/positions/{video_id}`, and accounts that are erased: what is forgotten does not come back, whatever
//! was down when, and whoever still holds or tells an older position.

use crate::scene::{SESSIONS, STORES, Scene, expect, text};
use futures::future::join3;
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::memory::{Listing, Outcome, Step};
use mcsp_testbed::{Reply, new_id};
use serde_json::json;

impl Scene {
    async fn forget(&self) -> Reply {
        self.bed.pass(1);
        let path = format!("/v1/playback/positions/{}", self.video);
        self.send(&self.positions, ("DELETE", &path), None).await
    }

    async fn write_at(&self, position_ms: u64, client_time: Timestamp) -> Reply {
        let path = format!("/v1/playback/positions/{}", self.video);
        let body = json!({"position_ms": position_ms, "client_time": client_time});
        self.send(&self.positions, ("PUT", &path), Some(body)).await
    }

    async fn beat_at(&self, path: &str, position_ms: u64, client_time: Timestamp) -> Reply {
        let body = json!({"position_ms": position_ms, "client_time": client_time, "state": "playing"});
        self.send(&self.sessions, ("PUT", path), Some(body)).await
    }

    async fn is_anything_held(&self) -> bool {
        let listing = Listing { prefix: "playback:held:".to_owned(), limit: 1 };
        let held = self.bed.bridge(SESSIONS).exchange(vec![Step::Held(listing)]).await.unwrap();
        matches!(&held[..], [Outcome::Entries(entries)] if !entries.is_empty())
    }

    /// What is held is written by somebody else's requests.
    async fn until_nothing_is_held(&self) {
        let somebody = new_id();
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        self.until("nothing is held", async || {
            let start = ("POST", "/v1/playback/sessions");
            let started =
                expect(self.send_as(somebody, &self.sessions, start, Some(body.clone())).await, 201);
            let end = ("DELETE", text(&started, "end_path"));
            assert_eq!(self.send_as(somebody, &self.sessions, end, None).await.status, 204);
            !self.is_anything_held().await
        })
        .await;
    }

    async fn is_forgotten_in_postgres(&self) -> bool {
        self.in_postgres().await.is_some_and(|position| position.position_ms().is_none())
    }
}

fn served_from(reply: &Reply) -> &str {
    assert_eq!(reply.status, 204, "{}", reply.json);
    reply.headers["mcsp-served-from"].to_str().unwrap()
}

#[tokio::test]
async fn what_is_forgotten_is_not_brought_back_by_what_was_told_of_before() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    let before = scene.bed.now();
    expect(scene.beat_at(text(&session, "renewal_path"), 5_000, before).await, 200);
    assert_eq!(served_from(&scene.forget().await), "redis");
    assert_eq!(scene.read_position().await.status, 404);
    assert_eq!(scene.write_at(1_000, before).await.status, 404, "of an earlier time");
    let late = expect(scene.beat_at(text(&session, "renewal_path"), 6_000, before).await, 200);
    assert_eq!(late["position_ms"], 0);
    assert_eq!(scene.end(&session).await.status, 204, "its last position is older");
    assert_eq!(expect(scene.start().await, 201)["resume_position_ms"], 0);
    scene.until("Postgres knows", async || scene.is_forgotten_in_postgres().await).await;

    scene.redis_loses("positions").await;
    assert_eq!(scene.read_position().await.status, 404, "Postgres has it as forgotten");
    assert_eq!(scene.write_at(1_000, before).await.status, 404);
    assert_eq!(served_from(&scene.forget().await), "redis", "a second time is the same");
    assert_eq!(expect(scene.write_position(7_000).await, 200)["position_ms"], 7_000, "a later one counts");
    assert_eq!(expect(scene.read_position().await, 200)["position_ms"], 7_000);
}

#[tokio::test]
async fn a_session_that_goes_on_begins_its_position_anew() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    expect(scene.beat(text(&session, "renewal_path"), 5_000).await, 200);
    assert_eq!(scene.forget().await.status, 204);
    expect(scene.beat(text(&session, "renewal_path"), 6_000).await, 200);
    assert_eq!(expect(scene.read_position().await, 200)["position_ms"], 6_000);
}

#[tokio::test]
async fn a_position_of_a_clock_that_ran_ahead_is_forgotten_too() {
    let scene = Scene::new().await;
    let ahead = || scene.bed.now() + SignedDuration::from_secs(50);
    expect(scene.write_at(1_000, ahead()).await, 200);
    assert_eq!(scene.forget().await.status, 204);
    assert_eq!(scene.read_position().await.status, 404);

    let (known_to_postgres, later) = (Scene::new().await, ahead());
    expect(known_to_postgres.write_at(1_000, later).await, 200);
    known_to_postgres
        .until("Postgres has it", async || known_to_postgres.in_postgres().await.is_some())
        .await;
    known_to_postgres.redis_loses("positions").await;
    assert_eq!(served_from(&known_to_postgres.forget().await), "postgres");
    assert_eq!(known_to_postgres.read_position().await.status, 404);
    assert_eq!(known_to_postgres.in_postgres().await.unwrap().client_time().as_second(), later.as_second());
}

#[tokio::test]
async fn a_video_that_there_is_not_has_nothing_to_forget() {
    let scene = Scene { video: new_id(), ..Scene::new().await };
    assert_eq!(served_from(&scene.forget().await), "postgres");
    assert_eq!(scene.in_postgres().await, None);
    assert_eq!(scene.in_redis().await, None);
}

#[tokio::test]
async fn without_stores_it_is_forgotten_here_and_by_the_stores_once_they_are_back() {
    let scene = Scene::new().await;
    scene.seen().await;
    let before = scene.bed.now();
    expect(scene.write_position(2_000).await, 200);
    scene.until("Postgres has it", async || scene.in_postgres().await.is_some()).await;
    scene.down(&STORES, true);
    expect(scene.write_position(3_000).await, 200);
    assert_eq!(served_from(&scene.forget().await), "memory");
    assert_eq!(scene.read_position().await.status, 404);
    assert_eq!(scene.write_at(1_000, before).await.status, 404);
    assert_eq!(expect(scene.start().await, 201)["resume_position_ms"], 0);
    scene.down(&STORES, false);
    scene.until_nothing_is_held().await;
    assert!(scene.is_forgotten_in_postgres().await);
    assert_eq!(scene.in_redis().await.unwrap().position_ms(), None);
}

#[tokio::test]
async fn a_position_that_is_held_does_not_outlive_its_being_forgotten() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.down(&STORES, true);
    expect(scene.write_position(3_000).await, 200);
    scene.down(&STORES, false);
    assert!(scene.is_anything_held().await);
    assert_eq!(served_from(&scene.forget().await), "redis");
    scene.until_nothing_is_held().await;
    assert_eq!(scene.read_position().await.status, 404);
    scene.until("Postgres knows", async || scene.is_forgotten_in_postgres().await).await;
    scene.down(&STORES, true);
    assert_eq!(scene.read_position().await.status, 404, "nor is it remembered");
}

/// Who has a position of 2,000 ms in the stores and a later one in memory, which no store has been told of.
async fn with_a_held_position() -> Scene {
    let scene = Scene::new().await;
    scene.seen().await;
    expect(scene.write_position(2_000).await, 200);
    scene.until("Postgres has it", async || scene.in_postgres().await.is_some()).await;
    scene.down(&STORES, true);
    scene.bed.take_calls();
    expect(scene.write_position(3_000).await, 200);
    scene.until("Postgres was tried", async || scene.bed.take_calls().contains(&"transact")).await;
    scene.down(&STORES, false);
    assert!(scene.is_anything_held().await);
    scene
}

async fn erase(scene: &Scene) {
    scene
        .hears("mcsp.auth.account.erased.v1", json!({"user_id": scene.user, "version": 9, "state": "erased"}))
        .await;
}

#[tokio::test]
async fn a_held_position_of_an_erased_account_is_written_nowhere() {
    let scene = with_a_held_position().await;
    erase(&scene).await;
    assert!(scene.is_anything_held().await);
    scene.until_nothing_is_held().await;
    assert_eq!((scene.in_redis().await, scene.in_postgres().await), (None, None));
    let bridge = scene.bed.bridge(SESSIONS);
    let remembered = playback_storage::memory::position(&*bridge, scene.user, scene.video).await;
    assert_eq!(remembered.unwrap(), None);
}

#[tokio::test]
async fn a_held_position_does_not_slip_past_the_erasure_of_its_account() {
    let scene = with_a_held_position().await;
    let lock = format!("SELECT pg_advisory_xact_lock(hashtextextended('account {}', 0))", scene.user.uuid());
    let held = scene.bed.hold(&lock).await;
    let writing = scene.until_nothing_is_held();
    let erasing = async {
        scene.bed.until_waiting(1, "locktype = 'advisory' AND mode = 'ShareLock'").await;
        erase(&scene).await;
    };
    let releasing = async {
        scene.bed.until_waiting(1, "locktype = 'advisory' AND mode = 'ExclusiveLock'").await;
        held.release().await;
    };
    join3(writing, erasing, releasing).await;
    // What was written before its erasure is remembered as all that the stores had: for minutes, and of nobody who may ask.
    assert_eq!((scene.in_redis().await, scene.in_postgres().await), (None, None));
}
