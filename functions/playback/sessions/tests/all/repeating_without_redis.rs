//! A start that is repeated under its Idempotency-Key while Redis is away.

use crate::scene::{SESSIONS, STORES, Scene, expect, text};
use playback_storage::memory;
use serde_json::Value;

/// Less than a URL is good for, and more than half of it.
const MOST_OF_A_URL_S: i64 = 40 * 60;

impl Scene {
    /// Starts while all is well, and waits until the key is remembered.
    async fn seen_under(&self, key: &str) -> Value {
        let first = expect(self.start_under(key, "tv").await, 201);
        self.until_the_video_is_remembered().await;
        self.until("the key is remembered", async || {
            let bridge = self.bed.bridge(SESSIONS);
            let account = memory::account(&*bridge, self.user, Some(key)).await.unwrap();
            account.started(key).is_some()
        })
        .await;
        first
    }

    async fn is_over_without_redis(&self, key: &str) {
        let repeated = self.start_under(key, "tv").await;
        assert_eq!((repeated.status, repeated.code()), (409, "session_over"), "{}", repeated.json);
    }
}

#[tokio::test]
async fn of_a_session_that_has_ended_it_is_said() {
    let scene = Scene::new().await;
    let before = scene.seen_under("before").await;
    scene.down(&STORES, true);
    let meanwhile = expect(scene.start_under("meanwhile", "tv").await, 201);
    for (key, session) in [("before", &before), ("meanwhile", &meanwhile)] {
        assert_eq!(scene.end(session).await.status, 204);
        scene.is_over_without_redis(key).await;
        assert_eq!(scene.start_under(key, "phone").await.code(), "idempotency_key_reused");
    }
    // Longer than Redis knows of an end.
    scene.bed.pass(10 * 60);
    for key in ["before", "meanwhile"] {
        scene.is_over_without_redis(key).await;
    }
}

#[tokio::test]
async fn the_session_is_given_again_as_it_was_last_renewed() {
    let scene = Scene::new().await;
    let before = scene.seen_under("before").await;
    scene.down(&STORES, true);
    let meanwhile = expect(scene.start_under("meanwhile", "tv").await, 201);
    scene.bed.pass(MOST_OF_A_URL_S);
    for (key, first) in [("before", &before), ("meanwhile", &meanwhile)] {
        let renewed = expect(scene.beat(text(first, "renewal_path"), 1_000).await, 200);
        assert_ne!(renewed["expires_at"], first["expires_at"]);
        let again = expect(scene.start_under(key, "tv").await, 201);
        assert_eq!((&again["id"], &again["expires_at"]), (&first["id"], &renewed["expires_at"]));
    }
    // The URLs of the first answers have run out.
    scene.bed.pass(MOST_OF_A_URL_S);
    for (key, first) in [("before", &before), ("meanwhile", &meanwhile)] {
        assert_eq!(expect(scene.start_under(key, "tv").await, 201)["id"], first["id"]);
    }
    scene.bed.pass(2 * MOST_OF_A_URL_S);
    for key in ["before", "meanwhile"] {
        scene.is_over_without_redis(key).await;
    }
}
