//! Auth, standing alone.

use crate::bridge::AuthBridge;
use crate::database::Database;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::SigningKey;
use mcsp_function::{Clock, Context, Endpoint, Environment, TimeOrderedIds};
use mcsp_guard::{Guard, PolicyTable};
use mcsp_passwords::{HashingPool, Passwords, PasswordsConfig};
use mcsp_postgres::{OutboxWake, Postgres};
use mcsp_redis::{Connection as RedisConnection, KeyGrant, Redis, RedisConfig};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Sign-ins that a test makes at once wait for each other.
const QUEUED_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// Nothing listens here.
const NOWHERE: &str = "redis://127.0.0.1:1";

/// The real time, and as much later as a test wants.
#[derive(Clone, Default)]
struct ShiftedClock(Arc<AtomicI64>);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst));
        Timestamp::from_microsecond(now.as_microsecond()).unwrap()
    }
}

/// Auth with a database of its own.
pub struct Stand {
    database: Database,
    accounts: Endpoint,
    sessions: Endpoint,
    clock: ShiftedClock,
    /// Where requests come from: an address that no other test has.
    address: String,
}

/// What a component answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Null where there is no body.
    pub json: Value,
}

impl Stand {
    /// With the stores that `scripts/test` started.
    pub async fn new() -> Self {
        let url =
            std::env::var("MCSP_TEST_REDIS_URL").expect("MCSP_TEST_REDIS_URL is not set: run scripts/test");
        let waiting =
            PasswordsConfig { max_queued_calls_per_thread: QUEUED_MAX, ..PasswordsConfig::default() };
        Self::over(Database::migrated().await, &url, waiting)
    }

    /// With a Redis that is down.
    pub async fn without_redis() -> Self {
        Self::over(Database::migrated().await, NOWHERE, PasswordsConfig::default())
    }

    /// The same Auth after the cost of a hash was raised.
    pub fn with_costlier_hashes(self) -> Self {
        let url = std::env::var("MCSP_TEST_REDIS_URL").unwrap();
        Self::over(self.database, &url, PasswordsConfig { iterations: 3, ..PasswordsConfig::default() })
    }

    fn over(database: Database, redis_url: &str, hashing: PasswordsConfig) -> Self {
        let guard =
            |target| Arc::new(Guard::new("auth", target, PolicyTable::default().policy("auth", target)));
        let redis = Arc::new(RedisConnection::new(RedisConfig::at(redis_url.to_owned())).unwrap());
        let key = SigningKey::from_seed("k1", &[7; 32]);
        let bridge = Arc::new(AuthBridge {
            postgres: Postgres::new(&database.config(), guard("postgres"), OutboxWake::default()).unwrap(),
            redis: Redis::new(redis, guard("redis"), KeyGrant::new(["auth:"])),
            passwords: Passwords::new(Arc::new(HashingPool::start(&hashing).unwrap()), guard("passwords")),
            key_set: json!({"keys": [key.public_jwk()]}).to_string(),
        });
        let variables = HashMap::from([
            ("issuer".to_owned(), "http://auth.example".to_owned()),
            ("audience".to_owned(), "mcsp".to_owned()),
            ("region".to_owned(), "eu".to_owned()),
            ("signing_keys".to_owned(), json!([key.private_jwk()]).to_string()),
        ]);
        let clock = ShiftedClock::default();
        let context = || {
            Context::new(Environment {
                bridge: bridge.clone(),
                clock: Arc::new(clock.clone()),
                ids: Arc::new(TimeOrderedIds),
                variables: variables.clone(),
            })
        };
        let (accounts, sessions) = (context(), context());
        let [a, b, c, ..] = Uuid::new_v4().into_bytes();
        Stand {
            accounts: Endpoint::new(auth_accounts::router(&accounts).unwrap(), accounts),
            sessions: Endpoint::new(auth_sessions::router(&sessions).unwrap(), sessions),
            database,
            clock: clock.clone(),
            address: format!("10.{a}.{b}.{c}:5000"),
        }
    }

    /// Makes it later.
    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// `POST /v1/accounts`
    pub async fn register(&self, email: &str, password: &str) -> Reply {
        let request = Request::post("/v1/accounts").header("content-type", "application/json");
        let body = json!({"email": email, "password": password}).to_string();
        read(self.accounts.answer(request.body(Full::from(body)).unwrap()).await).await
    }

    /// `POST /v1/sessions`
    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        let request = Request::post("/v1/sessions")
            .header("content-type", "application/json")
            .header("spin-client-addr", &self.address);
        let body = json!({"email": email, "password": password}).to_string();
        read(self.sessions.answer(request.body(Full::from(body)).unwrap()).await).await
    }

    /// `GET /v1/sessions?limit=100`: how many are listed.
    pub async fn listed_sessions(&self, token: &Value) -> usize {
        let request = Request::get("/v1/sessions?limit=100")
            .header("authorization", format!("Bearer {}", token.as_str().unwrap()));
        let reply = read(self.sessions.answer(request.body(Full::from("")).unwrap()).await).await;
        reply.json["items"].as_array().unwrap_or_else(|| panic!("{}", reply.json)).len()
    }

    /// Changes rows, as endpoints to come will.
    pub async fn execute(&self, statement: &'static str) {
        let mut owner = PgConnection::connect(&self.database.url).await.unwrap();
        owner.execute("SET search_path = auth").await.unwrap();
        let changed = owner.execute(AssertSqlSafe(statement)).await.unwrap();
        assert!(changed.rows_affected() > 0, "{statement}");
    }

    /// One number or text from the database.
    pub async fn ask<T>(&self, question: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let mut owner = PgConnection::connect(&self.database.url).await.unwrap();
        owner.execute("SET search_path = auth").await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut owner).await.unwrap()
    }
}

impl Reply {
    /// The problem's code.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

async fn read(response: http::Response<axum::body::Body>) -> Reply {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Reply { status: parts.status.as_u16(), headers: parts.headers, json }
}
