//! A start that is repeated under its Idempotency-Key.

use crate::scene::{LIMIT, Scene, expect, text};

/// Less than a URL is good for, and more than half of it.
const MOST_OF_A_URL_S: i64 = 40 * 60;

impl Scene {
    async fn is_over(&self, key: &str) {
        let repeated = self.start_under(key, "tv").await;
        assert_eq!((repeated.status, repeated.code()), (409, "session_over"), "{}", repeated.json);
        assert!(repeated.json["detail"].is_string(), "it says what would help");
    }
}

#[tokio::test]
async fn the_session_is_given_again_as_it_was_last_renewed() {
    let scene = Scene::new().await;
    let first = expect(scene.start_under("k", "tv").await, 201);
    scene.bed.pass(MOST_OF_A_URL_S);
    let renewed = expect(scene.beat(text(&first, "renewal_path"), 1_000).await, 200);
    // The URLs of the first answer have run out.
    scene.bed.pass(MOST_OF_A_URL_S);
    let again = expect(scene.start_under("k", "tv").await, 201);
    assert_eq!((&again["id"], &again["expires_at"]), (&first["id"], &renewed["expires_at"]));
    assert_eq!(again["manifests"], renewed["manifests"]);
}

#[tokio::test]
async fn of_a_session_that_has_ended_it_is_said_and_nothing_is_started() {
    let scene = Scene::new().await;
    let first = expect(scene.start_under("k", "tv").await, 201);
    assert_eq!(scene.end(&first).await.status, 204);
    for _ in 0..=LIMIT {
        scene.is_over("k").await;
    }
    assert_eq!(scene.start_under("k", "phone").await.code(), "idempotency_key_reused");
    for _ in 0..LIMIT {
        expect(scene.start().await, 201);
    }
}

#[tokio::test]
async fn a_session_whose_urls_have_run_out_is_over_too() {
    let scene = Scene::new().await;
    let first = expect(scene.start_under("k", "tv").await, 201);
    scene.bed.pass(2 * MOST_OF_A_URL_S);
    scene.is_over("k").await;
    let other = expect(scene.start_under("another", "tv").await, 201);
    assert_ne!(other["id"], first["id"]);
}
