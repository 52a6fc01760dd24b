//! What a start costs: the router as it is served, over a real Redis, with every other store out of reach.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "the helpers of tests may fail as tests do, and every test needs ids that no other has"
)]

#[path = "../../storage/tests/support/mod.rs"]
mod support;

use async_trait::async_trait;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use mcsp_access::{Claims, Role, SigningKey, issue};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::{Bridge, Failure, kafka, passwords, postgres, services};
use mcsp_function::{Context, Endpoint, Environment, SystemClock, TimeOrderedIds};
use mcsp_ids::{AuthSessionId, UserId, VideoId};
use mcsp_playback_url::{Verifier, ring_from_json};
use playback_storage::positions;
use playback_storage::videos::{self, Announcement};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::RealRedis;
use uuid::Uuid;

const RING: &str = r#"[{"id":"k1","secret":"a secret of enough bytes for a key"}]"#;

/// Counts calls, and knows Auth's published keys. Postgres, Kafka and Content are out of reach.
struct Counted {
    redis: RealRedis,
    keys: Value,
    pipelines: AtomicUsize,
    others: Mutex<Vec<&'static str>>,
    redis_is_down: bool,
}

impl Counted {
    fn other<T>(&self, name: &'static str) -> Result<T, Failure> {
        self.others.lock().unwrap().push(name);
        Err(Failure::Unreachable)
    }
}

#[async_trait]
impl Bridge for Counted {
    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        self.pipelines.fetch_add(1, Ordering::Relaxed);
        if self.redis_is_down {
            Err(Failure::BreakerOpen(2000))
        } else {
            self.redis.pipeline(operations).await
        }
    }

    async fn query(&self, _: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        self.other("query")
    }

    async fn transact(
        &self,
        _: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        self.other("transact").map_err(postgres::TransactError::Failed)
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        self.other("publish")
    }

    async fn call(&self, request: services::Request) -> Result<services::Response, Failure> {
        if request.target != "auth" {
            return self.other("call");
        }
        let body = self.keys.to_string().into_bytes();
        Ok(services::Response { status: 200, headers: Vec::new(), body, stale_ms: 0 })
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        self.other("hash_password")
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        self.other("verify_password")
    }
}

struct Scene {
    bridge: Arc<Counted>,
    endpoint: Endpoint,
    token: String,
    user: UserId,
    video: VideoId,
}

impl Scene {
    async fn new(redis_is_down: bool) -> Scene {
        let key = SigningKey::from_seed("k", &[7; 32]);
        let bridge = Arc::new(Counted {
            redis: RealRedis::connect().await,
            keys: json!({"keys": [key.public_jwk()]}),
            pipelines: AtomicUsize::new(0),
            others: Mutex::default(),
            redis_is_down,
        });
        let variables = [
            ("issuer", "http://issuer"),
            ("audience", "mcsp"),
            ("bridge_token", "token"),
            ("cdn_base_url", "http://cdn/"),
            ("playback_url_keys", RING),
            ("playback_url_ttl_s", "3600"),
            ("default_stream_limit", "3"),
        ];
        let context = Context::new(Environment {
            bridge: bridge.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            variables: HashMap::from(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        });
        let endpoint = Endpoint::new(playback_sessions::router(&context).unwrap(), context);
        let (user, video) = (UserId::from_uuid(Uuid::now_v7()), VideoId::from_uuid(Uuid::now_v7()));
        let token = issue(&key, &claims(user));
        Scene { bridge, endpoint, token, user, video }
    }

    /// Makes Redis know the video and the account.
    async fn warm(&self) {
        let announced = json!({
            "video_id": self.video, "owner_id": self.user, "version": 1, "state": "published",
            "visibility": "public", "duration_ms": 8000, "renditions": [{"name": "360p"}],
            "packaged": {"prefix": format!("packaged/{}/", self.video), "hls": "master.m3u8"},
        });
        let announced: Announcement = serde_json::from_str(&announced.to_string()).unwrap();
        let version = announced.try_into().unwrap();
        videos::keep(&self.bridge.redis, self.video, &version).await.unwrap();
        positions::refill(&self.bridge.redis, self.user, &[]).await.unwrap();
    }

    async fn start(&self) -> (StatusCode, Value) {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}}).to_string();
        let request = Request::post("/v1/playback/sessions")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::from(body))
            .unwrap();
        let response = self.endpoint.answer(request).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

fn claims(user: UserId) -> Claims {
    let now_s = Timestamp::now().as_second();
    Claims {
        iss: "http://issuer".into(),
        aud: "mcsp".into(),
        sub: user,
        client_id: "first-party".into(),
        iat: now_s,
        exp: now_s + 600,
        nbf: None,
        jti: "1".into(),
        sid: AuthSessionId::from_uuid(Uuid::from_u128(2)),
        scope: String::new(),
        roles: vec![Role::Viewer],
        region: "eu".into(),
        acr: "1".into(),
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
    let before = scene.bridge.pipelines.load(Ordering::Relaxed);
    let others = scene.bridge.others.lock().unwrap().len();

    let (status, second) = scene.start().await;
    assert_eq!(status, StatusCode::CREATED, "{second}");
    assert_eq!(scene.bridge.pipelines.load(Ordering::Relaxed) - before, 1);
    let since = scene.bridge.others.lock().unwrap().split_off(others);
    assert!(since.iter().all(|call| *call == "publish"), "{since:?}");
    assert_eq!(second["served_from"], "redis");
}

#[tokio::test]
async fn the_url_is_good_until_it_expires_and_for_this_session() {
    let scene = Scene::new(false).await;
    scene.warm().await;
    let (_, session) = scene.start().await;
    let url = session["manifests"]["hls"].as_str().unwrap().strip_prefix("http://cdn/p/").unwrap();
    let (token, path) = url.split_once('/').unwrap();
    assert_eq!(path, format!("packaged/{}/master.m3u8", scene.video));
    let now_s = u64::try_from(Timestamp::now().as_second()).unwrap();
    let grant = Verifier::new(ring_from_json(RING).unwrap()).verify(token, path, now_s).unwrap();
    assert_eq!(grant.session_id(), session["id"].as_str().unwrap());
    let expires_at: Timestamp = session["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(i64::try_from(grant.expires_at_unix_s()).unwrap(), expires_at.as_second());
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
