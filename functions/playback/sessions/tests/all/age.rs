//! Videos that ask for an age: what the viewer's token says of it counts, with stores and without.

use crate::scene::{STORES, Scene, expect, text};
use mcsp_access::Role;
use mcsp_ids::UserId;
use mcsp_testbed::{Reply, new_id};
use serde_json::json;

impl Scene {
    async fn send_at(&self, age: Option<u8>, request: (&str, &str), body: serde_json::Value) -> Reply {
        let mut claims = self.bed.claims(self.user, Role::Viewer);
        claims.age_reached = age;
        let bearer = self.bed.bearer_of(&claims);
        self.sessions.send(request, &[("authorization", &bearer)], Some(body)).await
    }

    async fn start_at(&self, age: Option<u8>) -> Reply {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        self.send_at(age, ("POST", "/v1/playback/sessions"), body).await
    }

    async fn is_too_young(&self, age: Option<u8>) {
        let denied = self.start_at(age).await;
        assert_eq!((denied.status, denied.code()), (403, "age_restricted"), "{age:?}: {}", denied.json);
        assert!(denied.json["detail"].is_string(), "it says what would help");
    }

    /// Starts and ends, each time for another account.
    async fn plays_at(&self, age: Option<u8>) {
        let session = expect(self.start_at(age).await, 201);
        assert_eq!(self.end(&session).await.status, 204);
    }
}

#[tokio::test]
async fn a_yes_to_the_old_is_none_to_the_young() {
    let scene = Scene::new().await;
    scene.announce_with(2, json!({"minimum_age": 16})).await;
    for _ in 0..2 {
        for age in [Some(18), Some(16)] {
            scene.plays_at(age).await;
        }
        for age in [None, Some(12)] {
            scene.is_too_young(age).await;
        }
    }
    scene.announce_with(3, json!({"minimum_age": null})).await;
    scene.plays_at(None).await;
}

#[tokio::test]
async fn without_stores_too() {
    let scene = Scene::new().await;
    scene.announce_with(2, json!({"minimum_age": 18})).await;
    scene.plays_at(Some(18)).await;
    let user: UserId = new_id();
    let scene = Scene { user, ..scene };
    scene.until_the_video_is_remembered().await;
    scene.down(&STORES, true);
    scene.is_too_young(Some(16)).await;
    scene.is_too_young(None).await;
    assert_eq!(expect(scene.start_at(Some(18)).await, 201)["served_from"], "memory");
}

#[tokio::test]
async fn its_owner_is_old_enough() {
    let scene = Scene::new().await;
    scene.announce_with(2, json!({"minimum_age": 18})).await;
    let own = Scene { user: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..scene };
    own.plays_at(None).await;
}

#[tokio::test]
async fn a_session_that_began_before_gets_no_new_url() {
    let scene = Scene::new().await;
    let session = expect(scene.start_at(Some(12)).await, 201);
    scene.announce_with(2, json!({"minimum_age": 16})).await;
    // More than half of the URL's time.
    scene.bed.pass(3_000);
    let beat = json!({"position_ms": 1, "state": "playing"});
    let path = ("PUT", text(&session, "renewal_path"));
    let denied = scene.send_at(Some(12), path, beat.clone()).await;
    assert_eq!((denied.status, denied.code()), (403, "age_restricted"));
    assert!(expect(scene.send_at(Some(16), path, beat).await, 200)["manifests"].is_object());
}

#[tokio::test]
async fn an_explanation_tells_the_age_that_is_asked_for() {
    let scene = Scene::new().await;
    scene.announce_with(2, json!({"minimum_age": 16})).await;
    let bearer = scene.bed.bearer(new_id(), Role::Moderator);
    for (age, reason) in [
        (json!(null), json!("age_restricted")),
        (json!(12), json!("age_restricted")),
        (json!(16), json!(null)),
    ] {
        let body =
            json!({"user_id": scene.user, "video_id": scene.video, "region": "eu", "age_reached": age});
        let reply = scene
            .sessions
            .send(("POST", "/v1/playback/explain"), &[("authorization", &bearer)], Some(body))
            .await;
        let explained = expect(reply, 200);
        assert_eq!(explained["reason"], reason);
        assert_eq!(explained["facts"]["video"]["value"]["minimum_age"], 16);
    }
}
