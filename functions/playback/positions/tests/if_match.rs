//! Positions that are written over what was read, on a real Redis and a real Postgres.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id};
use serde_json::{Value, json};

/// A viewer, and a video that Postgres knows.
struct Scene {
    bed: Testbed,
    positions: Component,
    user: UserId,
    video: VideoId,
}

impl Scene {
    async fn new() -> Scene {
        let variables = vec![("playback_url_keys", "[]".to_owned())];
        let bed = Testbed::new("playback", Setup { variables, ..Setup::default() }).await;
        let video: VideoId = new_id();
        bed.execute(&format!(
            "INSERT INTO videos (id, version, owner_id, state, visibility, regions_allow, regions_deny) \
             VALUES ('{}', 1, gen_random_uuid(), 'unpublished', 'public', '{{}}', '{{}}')",
            video.uuid()
        ))
        .await;
        let positions = bed.component("playback-positions", playback_positions::router);
        Scene { bed, positions, user: new_id(), video }
    }

    async fn send(&self, method: &str, seen: Option<&str>, body: Option<Value>) -> Reply {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let seen = seen.map(|tags| ("if-match", tags));
        let headers: Vec<_> = [("authorization", bearer.as_str())].into_iter().chain(seen).collect();
        let path = format!("/v1/playback/positions/{}", self.video);
        self.positions.send((method, &path), &headers, body).await
    }

    /// So many seconds in, at that second.
    async fn put(&self, second: u64, seen: Option<&str>) -> Reply {
        let at = format!("2026-01-01T00:00:{second:02}Z");
        let body = json!({"position_ms": second * 1_000, "client_time": at});
        self.send("PUT", seen, Some(body)).await
    }

    async fn counts(&self, second: u64) -> String {
        let reply = self.send("GET", None, None).await;
        assert_eq!(
            (reply.status, &reply.json["position_ms"]),
            (200, &json!(second * 1_000)),
            "{}",
            reply.json
        );
        tag(&reply)
    }
}

fn tag(reply: &Reply) -> String {
    reply.headers["etag"].to_str().unwrap().to_owned()
}

#[track_caller]
fn is_stale(reply: &Reply) {
    assert_eq!((reply.status, reply.code()), (412, "stale"), "{}", reply.json);
}

#[tokio::test]
async fn what_was_read_is_written_over_and_nothing_else() {
    let scene = Scene::new().await;
    let first = tag(&scene.put(1, None).await);
    assert_eq!(scene.counts(1).await, first);
    let second = scene.put(2, Some(&first)).await;
    assert_eq!((second.status, &second.json["served_from"]), (200, &json!("redis")), "{}", second.json);
    assert_eq!(scene.counts(2).await, tag(&second));
    is_stale(&scene.put(3, Some(&first)).await);
    is_stale(&scene.send("DELETE", Some(&first), None).await);
    assert_eq!(scene.counts(2).await, tag(&second));
    let earlier = scene.put(1, Some(&format!("{first}, {}", tag(&second)))).await;
    assert_eq!((earlier.status, tag(&earlier)), (200, tag(&second)), "the later one counts all the same");
    assert_eq!(scene.send("DELETE", Some(&tag(&second)), None).await.status, 204);
    assert_eq!(scene.send("GET", None, None).await.status, 404);
    is_stale(&scene.put(4, Some(&tag(&second))).await);
    is_stale(&scene.send("DELETE", Some(&tag(&second)), None).await);
}

#[tokio::test]
async fn any_will_do_where_none_is_named() {
    let scene = Scene::new().await;
    assert_eq!(scene.put(1, Some("*")).await.status, 200);
    for bad in ["", "1", "\"1\",*"] {
        assert_eq!(scene.put(2, Some(bad)).await.code(), "invalid_if_match", "{bad:?}");
    }
    is_stale(&scene.put(2, Some("\"1\"")).await);
    scene.counts(1).await;
}

#[tokio::test]
async fn what_redis_does_not_know_is_looked_up_first() {
    let scene = Scene::new().await;
    is_stale(&scene.put(2, Some("\"1767225601000-1000\"")).await);
    let unseen = Scene { user: new_id(), ..scene };
    unseen
        .bed
        .execute(&format!(
            "INSERT INTO positions (user_id, video_id, position_ms, client_time) \
             VALUES ('{}', '{}', 1000, '2026-01-01T00:00:01Z')",
            unseen.user.uuid(),
            unseen.video.uuid()
        ))
        .await;
    let written = unseen.put(2, Some("\"1767225601000-1000\"")).await;
    assert_eq!(written.status, 200, "{}", written.json);
    unseen.counts(2).await;
}

#[tokio::test]
async fn while_redis_is_away_nothing_is_compared_and_nothing_written() {
    let scene = Scene::new().await;
    let first = tag(&scene.put(1, None).await);
    scene.bed.set_down("redis", true);
    for method in ["PUT", "DELETE"] {
        let body = (method == "PUT").then(|| json!({"position_ms": 2_000}));
        let refused = scene.send(method, Some(&first), body).await;
        assert_eq!(refused.status, 503, "{}", refused.json);
    }
    scene.bed.set_down("redis", false);
    assert_eq!(scene.counts(1).await, first);
}
