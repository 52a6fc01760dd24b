//! Sessions and positions while the stores can't tell: what was seen goes on, what may not be seen does not begin, and
//! when the stores are back they get what they missed.

use crate::scene::{LIMIT, RING, SESSIONS, STORES, Scene, expect, text};
use futures::future::join_all;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Setup, new_id};
use playback_domain::Position;
use serde_json::{Value, json};

#[tokio::test]
async fn with_everything_down_what_was_seen_starts_goes_on_and_ends() {
    let scene = Scene::new().await;
    let before = scene.seen().await;
    scene.down(&STORES, true);
    let session = expect(scene.start().await, 201);
    assert_eq!(session["served_from"], "memory");
    assert!(session["stale_ms"].as_u64().unwrap() < 60_000);
    assert_eq!(session["renditions"], json!([{"name": "360p"}]));
    for (session, position_ms) in [(&before, 1_000), (&session, 2_000)] {
        let beat = expect(scene.beat(text(session, "renewal_path"), position_ms).await, 200);
        assert_eq!((&beat["served_from"], &beat["position_ms"]), (&json!("memory"), &json!(position_ms)));
        assert_eq!(beat["expires_at"], session["expires_at"]);
    }
    assert_eq!(expect(scene.read_position().await, 200)["position_ms"], 2_000);
    assert_eq!(expect(scene.write_position(3_000).await, 200)["served_from"], "memory");
    assert_eq!(expect(scene.start().await, 201)["resume_position_ms"], 3_000);
    for session in [&before, &session] {
        let ended = scene.end(session).await;
        assert_eq!((ended.status, &ended.headers["mcsp-served-from"]), (204, &"memory".parse().unwrap()));
        assert_eq!(scene.end(session).await.status, 404, "it has ended");
        assert_eq!(scene.beat(text(session, "renewal_path"), 1).await.status, 404);
    }
}

#[tokio::test]
async fn a_session_that_no_store_here_knows_goes_on_by_its_players_proof() {
    let scene = Scene::new().await;
    let session = expect(scene.start().await, 201);
    // Another process: it has seen nothing.
    let other = scene.bed.restarted(Setup {
        variables: vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())],
        ..Setup::default()
    });
    let bed = other.await;
    let sessions = bed.component(SESSIONS, playback_sessions::router);
    let positions = bed.component("playback-positions", playback_positions::router);
    let scene = Scene { bed, sessions, positions, ..scene };
    scene.down(&STORES, true);
    let beat = expect(scene.beat(text(&session, "renewal_path"), 4_000).await, 200);
    assert_eq!((&beat["served_from"], &beat["expires_at"]), (&json!("memory"), &session["expires_at"]));
    let without = format!("/v1/playback/sessions/{}/heartbeat", text(&session, "id"));
    let other = scene.start().await;
    assert_eq!((other.status, other.code()), (503, "entitlement_unknown"), "a video that was not seen here");
    let stranger: UserId = new_id();
    let body = json!({"position_ms": 1, "state": "playing"});
    let stolen = text(&session, "renewal_path");
    let stolen = scene.send_as(stranger, &scene.sessions, ("PUT", stolen), Some(body)).await;
    assert_eq!(stolen.code(), "entitlement_unknown", "another's proof proves nothing");
    assert_eq!(scene.beat(&without, 1).await.status, 200, "once it was seen here, its holder needs no proof");
    assert_eq!(scene.end(&session).await.status, 204);
}

#[tokio::test]
async fn without_redis_a_hundred_starts_open_exactly_as_many_as_the_limit() {
    let scene = Scene::new().await;
    let first = scene.seen().await;
    scene.down(&STORES, true);
    let starts = join_all((0..100).map(|_| scene.start())).await;
    let opened: Vec<_> = starts.iter().filter(|start| start.status == 201).collect();
    assert_eq!(opened.len(), LIMIT - 1, "the slot that Redis knew of counts");
    assert!(
        starts.iter().filter(|start| start.status != 201).all(|start| start.code() == "too_many_streams")
    );
    assert_eq!(scene.end(&first).await.status, 204);
    assert_eq!(scene.start().await.status, 201, "its slot is free");
    assert_eq!(scene.start().await.code(), "too_many_streams");
}

#[tokio::test]
async fn without_redis_a_stream_that_is_not_heard_of_loses_its_slot() {
    let scene = Scene::new().await;
    scene.bed.stop_clock();
    scene.seen().await;
    scene.down(&STORES, true);
    let sessions = [expect(scene.start().await, 201), expect(scene.start().await, 201)];
    assert_eq!(scene.start().await.code(), "too_many_streams");
    scene.bed.pass(20);
    assert_eq!(scene.beat(text(&sessions[0], "renewal_path"), 1).await.status, 200);
    scene.bed.pass(20);
    let again = [expect(scene.start().await, 201), expect(scene.start().await, 201)];
    assert_eq!(scene.beat(text(&sessions[1], "renewal_path"), 1).await.code(), "too_many_streams");
    assert_eq!(scene.end(&again[0]).await.status, 204);
    assert_eq!(scene.beat(text(&sessions[1], "renewal_path"), 1).await.status, 200);
}

#[tokio::test]
async fn without_redis_the_same_key_gives_the_same_session() {
    let scene = Scene::new().await;
    let before = expect(scene.start_under("before", "tv").await, 201);
    let user = scene.user;
    scene
        .until("the key is remembered", async || {
            let bridge = scene.bed.bridge(SESSIONS);
            let account = playback_storage::memory::account(&*bridge, user, Some("before")).await.unwrap();
            account.started("before").is_some()
        })
        .await;
    scene.down(&STORES, true);
    let meanwhile = expect(scene.start_under("meanwhile", "tv").await, 201);
    for (key, first) in [("before", &before), ("meanwhile", &meanwhile)] {
        let again = expect(scene.start_under(key, "tv").await, 201);
        assert_eq!((&again["id"], &again["manifests"]), (&first["id"], &first["manifests"]));
        assert_eq!(scene.start_under(key, "phone").await.code(), "idempotency_key_reused");
    }
    let starts = join_all((0..50).map(|_| scene.start_under("at-once", "tv"))).await;
    let ids: std::collections::BTreeSet<_> =
        starts.into_iter().map(|start| expect(start, 201)["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn what_may_not_be_played_is_not_played_whatever_is_down() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.announce(2, "private").await;
    // The first start that is denied is also the first that sees the new version.
    assert_eq!(scene.start().await.status, 404);
    let own = Scene { user: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..scene };
    own.until("the new version is remembered", async || {
        let copy = playback_storage::memory::video(&*own.bed.bridge(SESSIONS), own.video).await.unwrap();
        copy.unwrap().known.number == 2
    })
    .await;
    for stores in [&STORES[..1], &STORES[1..], &STORES[..]] {
        own.down(stores, true);
        let start = expect(own.start().await, 201);
        assert_eq!(own.end(&start).await.status, 204, "its owner may");
        let viewer: UserId = new_id();
        let body = json!({"video_id": own.video, "device": {"id": "tv"}});
        let denied = own.send_as(viewer, &own.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await;
        assert_eq!((denied.status, denied.code()), (404, "not_found"), "{stores:?}");
        own.down(stores, false);
    }
    // A session that was open goes on until its URL is to be renewed: then it is denied.
    own.down(&STORES, true);
    own.bed.pass(31 * 60);
    let viewer = Scene { user: session_user(&session, &own), ..own };
    assert_eq!(viewer.beat(text(&session, "renewal_path"), 1).await.status, 404);
}

/// Whose session it is, by its proof.
fn session_user(session: &Value, scene: &Scene) -> UserId {
    let grant = text(session, "renewal_path").split("grant=").nth(1).unwrap();
    let verifier = mcsp_playback_url::Verifier::new(mcsp_playback_url::ring_from_json(RING).unwrap());
    let now_s = u64::try_from(scene.bed.now().as_second()).unwrap();
    verifier.verify_session(grant, now_s).unwrap().user_id.parse().unwrap()
}

#[tokio::test]
async fn without_redis_postgres_tells_of_a_video_that_was_not_seen() {
    let scene = Scene::new().await;
    scene.down(&["redis", "content"], true);
    let session = expect(scene.start().await, 201);
    assert_eq!(session["served_from"], "postgres");
    assert_eq!(expect(scene.start().await, 201)["served_from"], "memory", "now it was seen");
    scene.down(&STORES, true);
    assert_eq!(expect(scene.start().await, 201)["served_from"], "memory");
    let unseen: VideoId = new_id();
    let body = json!({"video_id": unseen, "device": {"id": "tv"}});
    let denied = scene.send(&scene.sessions, ("POST", "/v1/playback/sessions"), Some(body)).await;
    assert_eq!((denied.status, denied.code()), (503, "entitlement_unknown"));
}

#[tokio::test]
async fn what_was_seen_too_long_ago_is_not_known() {
    let scene = Scene::with("900").await;
    scene.seen().await;
    scene.down(&STORES, true);
    assert_eq!(scene.start().await.status, 201);
    // And a minute: a copy is made anew no more often.
    scene.bed.memory_passes(16 * 60);
    let start = scene.start().await;
    assert_eq!((start.status, start.code()), (503, "entitlement_unknown"), "{}", start.json);
}

#[tokio::test]
async fn a_url_is_renewed_without_redis() {
    let scene = Scene::new().await;
    let session = scene.seen().await;
    scene.down(&STORES, true);
    scene.bed.pass(31 * 60);
    let renewed = expect(scene.beat(text(&session, "renewal_path"), 1).await, 200);
    assert_ne!(renewed["manifests"]["hls"], session["manifests"]["hls"]);
    assert_ne!(renewed["expires_at"], session["expires_at"]);
    let next = expect(scene.beat(text(&renewed, "renewal_path"), 2).await, 200);
    assert_eq!((&next["manifests"], &next["expires_at"]), (&Value::Null, &renewed["expires_at"]));
}

#[tokio::test]
async fn when_the_stores_are_back_they_get_what_they_missed() {
    let scene = Scene::new().await;
    let before = scene.seen().await;
    scene.down(&STORES, true);
    let meanwhile = expect(scene.start().await, 201);
    expect(scene.beat(text(&meanwhile, "renewal_path"), 5_000).await, 200);
    assert_eq!(scene.end(&before).await.status, 204);
    assert_eq!((scene.beat(text(&before, "renewal_path"), 1).await).status, 404);

    scene.down(&STORES, false);
    assert_eq!(scene.in_redis().await, None);
    // Somebody else's request is enough.
    let somebody = Scene { user: new_id(), ..scene };
    assert_eq!(somebody.start().await.status, 201);
    let scene = Scene { user: session_user(&meanwhile, &somebody), ..somebody };
    scene
        .until("positions are written back", async || {
            let position_ms =
                |position: Option<Position>| position.and_then(|position| position.position_ms());
            position_ms(scene.in_redis().await) == Some(5_000)
                && position_ms(scene.in_postgres().await) == Some(5_000)
        })
        .await;
    // The end is known to Redis, and the session that was opened meanwhile is taken in.
    scene
        .until("the end is told", async || scene.beat(text(&before, "renewal_path"), 1).await.status == 404)
        .await;
    let taken_in = expect(scene.beat(text(&meanwhile, "renewal_path"), 6_000).await, 200);
    assert_eq!(taken_in["served_from"], "redis");
    for _ in 1..LIMIT {
        assert_eq!(expect(scene.start().await, 201)["served_from"], "redis");
    }
    assert_eq!(scene.start().await.code(), "too_many_streams", "its slot counts in Redis");
}

#[tokio::test]
async fn a_position_that_postgres_missed_is_written_once_it_is_back() {
    let scene = Scene::new().await;
    scene.seen().await;
    scene.down(&["postgres"], true);
    assert_eq!(expect(scene.write_position(2_000).await, 200)["served_from"], "redis");
    let user = scene.user;
    let video = scene.video;
    scene
        .until("it is held", async || {
            let remembered =
                playback_storage::memory::position(&*scene.bed.bridge(SESSIONS), user, video).await;
            remembered.unwrap().and_then(|remembered| remembered.position).is_some()
        })
        .await;
    scene.down(&["postgres"], false);
    scene
        .until("Postgres has it", async || {
            // Each request is a chance to write it; whoever failed to makes the others wait for two seconds.
            scene.read_position().await;
            scene.in_postgres().await.and_then(|position| position.position_ms()) == Some(2_000)
        })
        .await;
}

#[tokio::test]
async fn of_positions_the_later_one_counts_whatever_was_down_when() {
    let scene = Scene::new().await;
    scene.seen().await;
    let write = async |position_ms: u64, client_time: &str| {
        let path = format!("/v1/playback/positions/{}", scene.video);
        let body = json!({"position_ms": position_ms, "client_time": client_time});
        expect(scene.send(&scene.positions, ("PUT", &path), Some(body)).await, 200)["position_ms"].clone()
    };
    assert_eq!(write(1_000, "2026-01-01T00:00:01Z").await, 1_000);
    scene.down(&STORES, true);
    assert_eq!(write(3_000, "2026-01-01T00:00:03Z").await, 3_000);
    assert_eq!(write(2_000, "2026-01-01T00:00:02Z").await, 3_000);
    scene.down(&STORES, false);
    assert_eq!(
        write(2_500, "2026-01-01T00:00:02.5Z").await,
        2_500,
        "Redis has not heard of the later one yet"
    );
    scene
        .until("the later one is written back", async || {
            expect(scene.read_position().await, 200)["position_ms"] == 3_000
        })
        .await;
}
