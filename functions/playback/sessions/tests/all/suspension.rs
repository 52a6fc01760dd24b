//! Accounts that are suspended: at once where Playback has heard of it, with its stores and without.

use crate::scene::{STORES, Scene, expect, text};
use mcsp_testbed::{new_id, unique};
use serde_json::json;

impl Scene {
    async fn heard(&self, version: u64, state: &str) {
        let events = self.bed.component("playback-events", playback_events::router);
        let kind = format!("mcsp.auth.account.{state}.v1");
        let data = json!({"user_id": self.user, "version": version, "state": state});
        let taken = events.deliver(&unique(), &kind, &data).await;
        assert_eq!(taken.status, 204, "{}", taken.json);
    }

    async fn is_suspended(&self) {
        let denied = self.start().await;
        assert_eq!((denied.status, denied.code()), (403, "account_suspended"), "{}", denied.json);
        assert!(denied.json["detail"].is_string(), "it says what would help");
    }
}

#[tokio::test]
async fn a_suspended_account_starts_nothing_and_goes_on_with_nothing() {
    let scene = Scene::new().await;
    scene.heard(1, "active").await;
    let session = scene.seen().await;
    scene.heard(2, "suspended").await;
    scene.is_suspended().await;
    let beat = scene.beat(text(&session, "renewal_path"), 1_000).await;
    assert_eq!((beat.status, beat.code()), (403, "account_suspended"));
    let unknown = Scene { video: new_id(), ..scene };
    assert_eq!(unknown.start().await.code(), "entitlement_unknown", "no store knows the video");
    let scene = Scene { video: serde_json::from_value(session["video_id"].clone()).unwrap(), ..unknown };
    scene.heard(3, "active").await;
    expect(scene.start().await, 201);
    expect(scene.beat(text(&session, "renewal_path"), 2_000).await, 200);
    scene.heard(2, "suspended").await;
    expect(scene.start().await, 201);
}

#[tokio::test]
async fn without_stores_a_suspended_account_is_suspended() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.heard(2, "suspended").await;
    scene.down(&STORES, true);
    scene.is_suspended().await;
    let beat = scene.beat(text(&session, "renewal_path"), 1_000).await;
    assert_eq!((beat.status, beat.code()), (403, "account_suspended"));
    assert_eq!(scene.end(&session).await.status, 204);
    scene.down(&STORES, false);
    scene.heard(3, "active").await;
    scene.down(&STORES, true);
    expect(scene.start().await, 201);
}

#[tokio::test]
async fn a_closed_account_plays_for_as_long_as_its_token_is_good() {
    let scene = Scene::new().await;
    scene.heard(2, "closed").await;
    for source in ["redis", "memory"] {
        assert_eq!(expect(scene.start().await, 201)["served_from"], source);
        scene
            .until("the video is remembered", async || {
                let bridge = scene.bed.bridge(crate::scene::SESSIONS);
                playback_storage::memory::video(&*bridge, scene.video).await.unwrap().is_some()
            })
            .await;
        scene.down(&STORES, true);
    }
}

#[tokio::test]
async fn what_is_no_state_of_an_account_is_refused_for_good() {
    let scene = Scene::new().await;
    let events = scene.bed.component("playback-events", playback_events::router);
    let data = json!({"user_id": scene.user, "version": 1, "state": "asleep"});
    let refused = events.deliver("1", "mcsp.auth.account.changed.v1", &data).await;
    assert_eq!((refused.status, refused.code()), (422, "malformed_event"));
}
