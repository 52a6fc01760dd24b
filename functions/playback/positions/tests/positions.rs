//! Positions that Redis does not know, on a real Postgres.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id};
use playback_storage::positions::LOADED_MAX;
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A viewer with positions in the videos 1, 2, …: each later than the one before, and as many seconds in.
struct Scene {
    bed: Testbed,
    positions: Component,
    user: UserId,
}

impl Scene {
    async fn with_positions(count: usize) -> Scene {
        let variables = vec![("playback_url_keys", "[]".to_owned())];
        let bed = Testbed::new("playback", Setup { variables, ..Setup::default() }).await;
        let user: UserId = new_id();
        let video = "lpad(to_hex(n), 32, '0')::uuid";
        bed.execute(&format!(
            "INSERT INTO videos (id, version, owner_id, state, visibility, regions_allow, regions_deny) \
             SELECT {video}, 1, gen_random_uuid(), 'unpublished', 'public', '{{}}', '{{}}' \
             FROM generate_series(1, {count}) AS n"
        ))
        .await;
        bed.execute(&format!(
            "INSERT INTO positions (user_id, video_id, position_ms, client_time) \
             SELECT '{}', {video}, n * 1000, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 s' \
             FROM generate_series(1, {count}) AS n",
            user.uuid()
        ))
        .await;
        let positions = bed.component("playback-positions", playback_positions::router);
        Scene { bed, positions, user }
    }

    async fn read(&self, number: usize) -> Reply {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let path = format!("/v1/playback/positions/{}", video(number));
        self.positions.send(("GET", &path), &[("authorization", &bearer)], None).await
    }

    async fn read_all(&self, videos: &str) -> Reply {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let path = format!("/v1/playback/positions?videos={videos}");
        self.positions.send(("GET", &path), &[("authorization", &bearer)], None).await
    }

    /// Asks for some, and expects these, from there, and that nothing can be said of so many.
    async fn expect_all(&self, asked: &[usize], expected: &[usize], (source, unknown): (&str, usize)) {
        let asked: Vec<String> = asked.iter().map(|number| video(*number).to_string()).collect();
        let reply = self.read_all(&asked.join(",")).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let items = reply.json["items"].as_array().unwrap();
        let found = items.iter().map(|item| (item["video_id"].clone(), item["position_ms"].clone()));
        let expected = expected.iter().map(|number| (json!(video(*number)), json!(number * 1000)));
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let told = (&reply.json["served_from"], reply.json["unknown"].as_array().unwrap().len());
        assert_eq!(told, (&json!(source), unknown), "{}", reply.json);
    }

    async fn expect(&self, number: usize) {
        let reply = self.read(number).await;
        assert_eq!(reply.status, 200, "{number}: {}", reply.json);
        assert_eq!(reply.json["position_ms"], number * 1000, "{number}");
    }
}

fn video(number: usize) -> VideoId {
    VideoId::from_uuid(Uuid::from_u128(u128::try_from(number).unwrap()))
}

#[tokio::test]
async fn the_oldest_of_many_positions_are_not_forgotten() {
    let scene = Scene::with_positions(LOADED_MAX + 2).await;
    for number in [LOADED_MAX + 2, 3, 2, 1] {
        scene.expect(number).await;
    }
    assert_eq!(scene.read(LOADED_MAX + 3).await.status, 404);
    scene.bed.take_calls();
    scene.expect(1).await;
    assert_eq!(scene.bed.take_calls(), ["try_pipeline"], "what was found is kept");
}

#[tokio::test]
async fn the_oldest_may_be_asked_for_first() {
    let scene = Scene::with_positions(LOADED_MAX + 1).await;
    scene.expect(1).await;
    scene.expect(2).await;
}

#[tokio::test]
async fn once_all_are_loaded_postgres_is_not_asked_for_others() {
    let scene = Scene::with_positions(3).await;
    scene.expect(1).await;
    scene.bed.take_calls();
    scene.expect(3).await;
    assert_eq!(scene.read(4).await.status, 404);
    assert_eq!(scene.bed.take_calls(), ["try_pipeline", "try_pipeline"]);
}

#[tokio::test]
async fn some_are_read_in_one_round_trip_in_the_order_in_which_they_are_asked_for() {
    let scene = Scene::with_positions(3).await;
    scene.expect_all(&[3, 4, 1, 3], &[3, 1], ("postgres", 0)).await;
    scene.bed.take_calls();
    scene.expect_all(&[4, 2, 3], &[2, 3], ("redis", 0)).await;
    assert_eq!(scene.bed.take_calls(), ["try_pipeline"]);
}

#[tokio::test]
async fn among_some_the_oldest_of_many_are_found_too() {
    let scene = Scene::with_positions(LOADED_MAX + 2).await;
    for source in ["postgres", "redis"] {
        scene.expect_all(&[1, LOADED_MAX + 2, 2], &[1, LOADED_MAX + 2, 2], (source, 0)).await;
    }
    scene.expect_all(&[1, LOADED_MAX + 3], &[1], ("postgres", 0)).await;
}

#[tokio::test]
async fn without_stores_what_was_seen_is_told_and_of_the_rest_that_it_is_unknown() {
    let scene = Scene::with_positions(3).await;
    scene.expect_all(&[1, 2, 4], &[1, 2], ("postgres", 0)).await;
    scene.bed.set_down("redis", true);
    let begun = Instant::now();
    // It is remembered after the answer.
    while scene.read_all(&video(1).to_string()).await.json["served_from"] != "memory" {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    scene.expect_all(&[2, 3], &[2, 3], ("memory", 0)).await;
    scene.expect_all(&[3], &[3], ("postgres", 0)).await;
    scene.bed.set_down("postgres", true);
    scene.expect_all(&[3, 4, 2, 1], &[2, 1], ("memory", 1)).await;
}

#[tokio::test]
async fn without_postgres_what_redis_does_not_know_is_unknown() {
    let scene = Scene::with_positions(LOADED_MAX + 1).await;
    scene.expect_all(&[LOADED_MAX], &[LOADED_MAX], ("postgres", 0)).await;
    scene.bed.set_down("postgres", true);
    scene.expect_all(&[LOADED_MAX], &[LOADED_MAX], ("redis", 0)).await;
    scene.expect_all(&[LOADED_MAX, 1], &[LOADED_MAX], ("memory", 1)).await;
}

#[tokio::test]
async fn what_is_no_list_of_videos_is_refused_with_the_parameter() {
    let scene = Scene::with_positions(1).await;
    let ids =
        |count: usize| (1..=count).map(|number| video(number).to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(scene.read_all(&ids(50)).await.status, 200);
    let another = "event_00000000000000000000000000".to_owned();
    for videos in [ids(51), String::new(), format!("{},", ids(1)), another, format!("{}&videos=", ids(1))] {
        let reply = scene.read_all(&videos).await;
        assert_eq!((reply.status, reply.code()), (400, "invalid_query"), "{videos}");
    }
    assert_eq!(scene.read_all("x").await.json["errors"][0]["parameter"], "videos");
}
