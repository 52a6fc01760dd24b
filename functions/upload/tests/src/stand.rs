//! Upload, standing alone.

use crate::bridge::UploadBridge;
use crate::database::Database;
use http::Request;
use http_body_util::{BodyExt, Full};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::{Claims, Role, SigningKey, issue};
use mcsp_function::{Clock, Context, Endpoint, Environment, TimeOrderedIds};
use mcsp_guard::{Guard, PolicyTable};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_postgres::{OutboxWake, Postgres};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use url::Url;
use uuid::Uuid;

const BRIDGE_TOKEN: &str = "the pod's token";
const ISSUER: &str = "http://auth.example";
const AUDIENCE: &str = "mcsp";
const BUCKETS: &str = r#"{"eu": "mcsp-uploads"}"#;

/// The real time, and as much later as a test wants.
#[derive(Clone, Default)]
struct ShiftedClock(Arc<AtomicI64>);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Upload with a database of its own.
pub struct Stand {
    database: Database,
    sessions: Endpoint,
    pipeline: Endpoint,
    key: SigningKey,
    clock: ShiftedClock,
    store_down: Arc<AtomicBool>,
    client: reqwest::Client,
}

/// Someone who uploads.
pub struct Creator<'a> {
    stand: &'a Stand,
    bearer: String,
}

/// What a component answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Null where there is no body.
    pub json: Value,
}

impl Stand {
    /// Makes the database and the endpoints.
    pub async fn new() -> Self {
        let database = Database::migrated().await;
        let policy = PolicyTable::default().policy("upload", "postgres");
        let guard = Arc::new(Guard::new("upload", "postgres", policy));
        let postgres = Postgres::new(&database.config(), guard, OutboxWake::default()).unwrap();
        let key = SigningKey::from_seed("k1", &[7; 32]);
        let store = std::env::var("MCSP_TEST_S3_URL").expect("MCSP_TEST_S3_URL is not set: run scripts/test");
        let store: Url = store.parse().unwrap();
        let endpoint_url = format!("http://{}:{}", store.host_str().unwrap(), store.port().unwrap());
        let variables = HashMap::from(
            [
                ("issuer", ISSUER),
                ("audience", AUDIENCE),
                ("bridge_token", BRIDGE_TOKEN),
                ("object_store_public_url", &endpoint_url),
                ("object_store_access_key", store.username()),
                ("object_store_secret_key", store.password().unwrap()),
                ("object_store_buckets", BUCKETS),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let (clock, store_down, client) = (ShiftedClock::default(), Arc::default(), reqwest::Client::new());
        let bridge = UploadBridge {
            component: "upload-sessions",
            postgres,
            key_set: json!({"keys": [key.public_jwk()]}).to_string(),
            object_store: endpoint_url,
            object_store_down: Arc::clone(&store_down),
            client: client.clone(),
        };
        let context = |component| {
            Context::new(Environment {
                bridge: Arc::new(UploadBridge { component, ..bridge.clone() }),
                clock: Arc::new(clock.clone()),
                ids: Arc::new(TimeOrderedIds),
                variables: variables.clone(),
            })
        };
        let (sessions, pipeline) = (context("upload-sessions"), context("upload-pipeline"));
        Stand {
            sessions: Endpoint::new(upload_sessions::router(&sessions).unwrap(), sessions),
            pipeline: Endpoint::new(upload_pipeline::router(&pipeline).unwrap(), pipeline),
            database,
            key,
            clock,
            store_down,
            client,
        }
    }

    /// A new account in a region.
    pub fn creator(&self, region: &str) -> Creator<'_> {
        let now_s = Timestamp::now().as_second();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: UserId::from_uuid(Uuid::now_v7()),
            client_id: "first-party".into(),
            iat: now_s,
            exp: now_s + 7 * 86_400,
            nbf: None,
            jti: "1".into(),
            sid: AuthSessionId::from_uuid(Uuid::from_u128(1)),
            scope: String::new(),
            roles: vec![Role::Creator],
            region: region.into(),
            acr: "1".into(),
        };
        Creator { stand: self, bearer: format!("Bearer {}", issue(&self.key, &claims)) }
    }

    /// Cuts Upload off from the object store, or lets it through again.
    pub fn set_store_down(&self, down: bool) {
        self.store_down.store(down, Ordering::SeqCst);
    }

    /// Makes it later.
    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Delivers an event of the pipeline, and gives the status.
    pub async fn deliver(&self, event_id: &str, happened: &str, data: &Value) -> u16 {
        let request = Request::post("/events/upload-pipeline")
            .header("authorization", format!("Bearer {BRIDGE_TOKEN}"))
            .header("ce-id", event_id)
            .header("ce-type", format!("mcsp.pipeline.processing.{happened}.v1"))
            .body(Full::from(data.to_string()))
            .unwrap();
        self.pipeline.answer(request).await.status().as_u16()
    }

    /// Sends bytes as `signed` says, and gives the status.
    pub async fn send(&self, signed: &Value, body: Vec<u8>) -> u16 {
        let mut put = self.client.put(signed["url"].as_str().unwrap());
        for (name, value) in signed["headers"].as_object().unwrap() {
            put = put.header(name, value.as_str().unwrap());
        }
        put.body(body).send().await.unwrap().status().as_u16()
    }

    /// What waits for Kafka under a key: topic, type and data, in order.
    pub async fn emitted(&self, key: &str) -> Vec<(String, String, Value)> {
        let mut owner = PgConnection::connect(&self.database.url).await.unwrap();
        let rows: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT topic, type, data FROM upload.outbox WHERE key = $1 ORDER BY id")
                .bind(key)
                .fetch_all(&mut owner)
                .await
                .unwrap();
        let read =
            |(topic, kind, data): (_, _, Vec<u8>)| (topic, kind, serde_json::from_slice(&data).unwrap());
        rows.into_iter().map(read).collect()
    }
}

impl Creator<'_> {
    /// Sends a request, with a new Idempotency-Key.
    pub async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", &self.bearer)
            .header("idempotency-key", Uuid::new_v4().to_string());
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|json| json.to_string()).unwrap_or_default();
        let response = self.stand.sessions.answer(request.body(Full::from(body)).unwrap()).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, json: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }
}
