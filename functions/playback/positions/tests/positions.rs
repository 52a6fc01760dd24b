//! Positions that Redis does not know, on a real Postgres.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id};
use playback_storage::positions::LOADED_MAX;
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
        let video = VideoId::from_uuid(Uuid::from_u128(u128::try_from(number).unwrap()));
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        let path = format!("/v1/playback/positions/{video}");
        self.positions.send(("GET", &path), &[("authorization", &bearer)], None).await
    }

    async fn expect(&self, number: usize) {
        let reply = self.read(number).await;
        assert_eq!(reply.status, 200, "{number}: {}", reply.json);
        assert_eq!(reply.json["position_ms"], number * 1000, "{number}");
    }
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
