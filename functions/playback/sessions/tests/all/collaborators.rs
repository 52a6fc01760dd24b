//! Those who work on a video play it where it is private or asks for a password, with stores and without.

use crate::scene::{STORES, Scene, expect};
use mcsp_ids::UserId;
use mcsp_testbed::new_id;
use serde_json::json;

#[tokio::test]
async fn who_works_on_a_private_video_plays_it_and_nobody_else() {
    let scene = Scene::new().await;
    let (user, stranger): (UserId, UserId) = (scene.user, new_id());
    scene.announce_with(2, json!({"visibility": "private"})).await;
    assert_eq!(scene.start().await.status, 404);
    scene.announce_with(3, json!({"visibility": "private", "collaborators": [user]})).await;
    for _ in 0..2 {
        let session = expect(scene.start().await, 201);
        assert_eq!(scene.end(&session).await.status, 204);
    }
    let body = json!({"video_id": scene.video, "device": {"id": "tv"}});
    let start = ("POST", "/v1/playback/sessions");
    assert_eq!(scene.send_as(stranger, &scene.sessions, start, Some(body)).await.status, 404);
    // What is remembered while the stores are away tells it, too.
    scene.down(&STORES, true);
    expect(scene.start().await, 201);
    scene.down(&STORES, false);
    scene.announce_with(4, json!({"visibility": "private", "collaborators": [stranger]})).await;
    assert_eq!(scene.start().await.status, 404);
}

#[tokio::test]
async fn who_works_on_a_video_needs_no_password_and_all_else_that_it_asks_for() {
    let scene = Scene::new().await;
    let password = json!({"visibility": "password", "passwords_version": 2, "collaborators": [scene.user]});
    scene.announce_with(2, password.clone()).await;
    expect(scene.start().await, 201);
    let mut aged = password;
    aged["minimum_age"] = json!(18);
    scene.announce_with(3, aged).await;
    assert_eq!(scene.start().await.code(), "age_restricted");
    let subscribers =
        json!({"visibility": "subscribers", "minimum_plan_level": 1, "collaborators": [scene.user]});
    scene.announce_with(4, subscribers).await;
    assert_eq!(scene.start().await.code(), "subscription_required");
}
