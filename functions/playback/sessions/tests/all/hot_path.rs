//! What a start costs: the router as it is served, over a real Redis, with every other store out of reach.

use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::{Confirmation, Role};
use mcsp_function::WARM_UP_PATH;
use mcsp_ids::{UserId, VideoId};
use mcsp_playback_url::{Verifier, ring_from_json};
use mcsp_testbed::{Component, ProofKey, Setup, Testbed, new_id};
use playback_storage::positions;
use playback_storage::videos::{self, Announcement};
use serde_json::{Value, json};

const RING: &str = r#"[{"id":"k1","secret":"a secret of enough bytes for a key"}]"#;
const COMPONENT: &str = "playback-sessions";
const PATH: &str = "/v1/playback/sessions";

struct Scene {
    bed: Testbed,
    sessions: Component,
    user: UserId,
    video: VideoId,
}

impl Scene {
    async fn new(redis_is_down: bool) -> Scene {
        let variables =
            vec![("cdn_base_url", "http://cdn/".to_owned()), ("playback_url_keys", RING.to_owned())];
        let setup = Setup { variables, redis_is_down, ..Setup::default() };
        let bed = Testbed::without_database("playback", setup).await;
        let sessions = bed.component(COMPONENT, playback_sessions::router);
        Scene { bed, sessions, user: new_id(), video: new_id() }
    }

    /// Makes Redis know the video and the account.
    async fn warm(&self) {
        let announced = json!({
            "video_id": self.video, "owner_id": self.user, "version": 1, "state": "published",
            "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
            "packaged": {"prefix": format!("packaged/{}/", self.video), "hls": "master.m3u8", "dash": "manifest.mpd"},
        });
        let announced: Announcement = serde_json::from_str(&announced.to_string()).unwrap();
        let version = announced.try_into().unwrap();
        let bridge = self.bed.bridge(COMPONENT);
        videos::keep(&*bridge, self.video, &version).await.unwrap();
        positions::refill(&*bridge, self.user, &[]).await.unwrap();
    }

    async fn start(&self) -> (StatusCode, Value) {
        let bearer = self.bed.bearer(self.user, Role::Viewer);
        self.start_with(&[("authorization", &bearer)]).await
    }

    /// With a token that is bound to a key (RFC 9449).
    async fn start_bound(&self) -> (StatusCode, Value) {
        let (key, mut claims) = (ProofKey::generate(), self.bed.claims(self.user, Role::Viewer));
        claims.cnf = Some(Confirmation { jkt: key.thumbprint() });
        let bearer = self.bed.bearer_of(&claims);
        let token = bearer.strip_prefix("Bearer ").unwrap();
        let uri = format!("http://auth.example{PATH}");
        let proof = key.proof(("POST", &uri), Some(token), self.bed.now());
        self.start_with(&[("authorization", &format!("DPoP {token}")), ("dpop", &proof)]).await
    }

    async fn start_with(&self, headers: &[(&str, &str)]) -> (StatusCode, Value) {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        let reply = self.sessions.send(("POST", PATH), headers, Some(body)).await;
        (StatusCode::from_u16(reply.status).unwrap(), reply.json)
    }
}

/// The signals go out after the answers: of both starts they may come at any time.
#[tokio::test]
async fn a_warm_start_is_one_round_trip_and_nothing_else() {
    let scene = Scene::new(false).await;
    scene.warm().await;
    let (status, first) = scene.start().await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    tokio::task::yield_now().await;
    scene.bed.take_calls();

    for is_bound in [false, true] {
        let (status, next) = if is_bound { scene.start_bound().await } else { scene.start().await };
        assert_eq!(status, StatusCode::CREATED, "{next}");
        let calls = scene.bed.take_calls();
        let (pipelines, others): (Vec<_>, Vec<_>) =
            calls.into_iter().partition(|call| *call == "try_pipeline");
        assert_eq!(pipelines.len(), 1, "bound to a key: {is_bound}");
        assert!(others.iter().all(|call| *call == "publish"), "{others:?}");
        assert_eq!(next["served_from"], "redis");
    }
}

#[tokio::test]
async fn the_first_start_of_an_instance_that_has_got_ready_asks_for_no_keys() {
    let scene = Scene::new(false).await;
    scene.warm().await;
    assert_eq!(scene.sessions.send(("GET", WARM_UP_PATH), &[], None).await.status, 204);
    assert!(scene.bed.take_calls().contains(&"call"), "Auth is asked for its keys");
    let (status, first) = scene.start().await;
    assert_eq!((status, &first["served_from"]), (StatusCode::CREATED, &json!("redis")), "{first}");
    assert!(!scene.bed.take_calls().contains(&"call"));
}

#[tokio::test]
async fn an_instance_gets_ready_without_redis_too() {
    let scene = Scene::new(true).await;
    assert_eq!(scene.sessions.send(("GET", WARM_UP_PATH), &[], None).await.status, 503);
}

#[tokio::test]
async fn the_urls_are_good_until_they_expire_and_for_this_session() {
    let scene = Scene::new(false).await;
    scene.warm().await;
    let (_, session) = scene.start().await;
    for (name, manifest) in [("hls", "master.m3u8"), ("dash", "manifest.mpd")] {
        let url = session["manifests"][name].as_str().unwrap().strip_prefix("http://cdn/p/").unwrap();
        let (token, path) = url.split_once('/').unwrap();
        assert_eq!(path, format!("packaged/{}/{manifest}", scene.video));
        let now_s = u64::try_from(scene.bed.now().as_second()).unwrap();
        let grant = Verifier::new(ring_from_json(RING).unwrap()).verify(token, path, now_s).unwrap();
        assert_eq!(grant.session_id(), session["id"].as_str().unwrap());
        let expires_at: Timestamp = session["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(i64::try_from(grant.expires_at_unix_s()).unwrap(), expires_at.as_second());
    }
}

#[tokio::test]
async fn what_cannot_be_known_is_denied() {
    let cold = Scene::new(false).await;
    let down = Scene::new(true).await;
    for scene in [cold, down] {
        let (status, problem) = scene.start().await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (503, Some("entitlement_unknown")));
    }
}
