//! Where a start resumes that Redis knows no position of: Postgres is asked for it, and not waited for.

use crate::scene::{SESSIONS, Scene, expect};
use playback_storage::memory;
use serde_json::json;

/// Whose position of 5,000 ms is in Postgres and remembered here, and not in Redis.
async fn seen_at_five_seconds() -> Scene {
    let scene = Scene::new().await;
    scene.seen().await;
    expect(scene.write_position(5_000).await, 200);
    scene.until("Postgres has it", async || scene.in_postgres().await.is_some()).await;
    scene
        .until("it is remembered", async || {
            let bridge = scene.bed.bridge(SESSIONS);
            let remembered = memory::position(&*bridge, scene.user, scene.video).await.unwrap();
            remembered.and_then(|remembered| remembered.position).is_some()
        })
        .await;
    scene.redis_loses("positions").await;
    scene.bed.take_calls();
    scene
}

#[tokio::test]
async fn postgres_tells_it_within_the_patience_of_a_start_and_then_redis_knows() {
    let scene = seen_at_five_seconds().await;
    assert_eq!(expect(scene.start().await, 201)["resume_position_ms"], 5_000);
    let calls = scene.bed.take_calls();
    assert!(calls.contains(&"try_query") && !calls.contains(&"query"), "{calls:?}");
    assert_eq!(scene.in_redis().await.and_then(|position| position.position_ms()), Some(5_000));
}

#[tokio::test]
async fn without_postgres_it_is_what_is_remembered() {
    let scene = seen_at_five_seconds().await;
    scene.down(&["postgres"], true);
    let session = expect(scene.start().await, 201);
    assert_eq!((&session["served_from"], &session["resume_position_ms"]), (&json!("redis"), &json!(5_000)));
    let calls = scene.bed.take_calls();
    assert!(!calls.contains(&"query"), "{calls:?}");
}
