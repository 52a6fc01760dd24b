//! Content, standing alone.

use crate::bridge::ContentBridge;
use crate::database::Database;
use axum::Router;
use jiff::Timestamp;
use mcsp_access::{Claims, Role, SigningKey, issue};
use mcsp_function::{Context, Endpoint, Environment, MissingVariable, SystemClock, TimeOrderedIds};
use mcsp_guard::{Guard, PolicyTable};
use mcsp_ids::{AuthSessionId, UserId};
use mcsp_postgres::{OutboxWake, Postgres};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;
use std::sync::Arc;

/// What the bridge and other services present.
pub const BRIDGE_TOKEN: &str = "the pod's token";
const ISSUER: &str = "http://auth.example";
const AUDIENCE: &str = "mcsp";

/// Content with a database of its own.
pub struct Stand {
    database: Database,
    key: SigningKey,
    /// `content-events`
    pub events: Endpoint,
    /// `content-videos`
    pub videos: Endpoint,
    /// `content-publication`
    pub publication: Endpoint,
    /// `content-search`
    pub search: Endpoint,
    /// `content-catalog`
    pub catalog: Endpoint,
    /// For what is asked of the storage crate directly.
    pub context: Context,
}

type MakeRouter = fn(&Context) -> Result<Router<Context>, MissingVariable>;

impl Stand {
    /// Makes the database and the endpoints.
    pub async fn new() -> Self {
        let database = Database::migrated().await;
        let policy = PolicyTable::default().policy("content", "postgres");
        let guard = Arc::new(Guard::new("content", "postgres", policy));
        let postgres = Postgres::new(&database.config(), guard, OutboxWake::default()).unwrap();
        let key = SigningKey::from_seed("k1", &[7; 32]);
        let endpoint = |component, router: MakeRouter| {
            let context = context(component, &postgres, &key);
            Endpoint::new(router(&context).unwrap(), context)
        };
        Stand {
            events: endpoint("content-events", content_events::router),
            videos: endpoint("content-videos", content_videos::router),
            publication: endpoint("content-publication", content_publication::router),
            search: endpoint("content-search", content_search::router),
            catalog: endpoint("content-catalog", content_catalog::router),
            context: context("content-tests", &postgres, &key),
            database,
            key,
        }
    }

    /// An access token of this user.
    pub fn token(&self, user: UserId, role: Role) -> String {
        let now_s = Timestamp::now().as_second();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user,
            client_id: "first-party".into(),
            iat: now_s,
            exp: now_s + 600,
            nbf: None,
            jti: "1".into(),
            sid: AuthSessionId::from_uuid(uuid::Uuid::from_u128(1)),
            scope: String::new(),
            roles: vec![role],
            region: "eu".into(),
            acr: "1".into(),
        };
        issue(&self.key, &claims)
    }

    /// What waits for Kafka under a key: topic, type and data, in order.
    pub async fn emitted(&self, key: &str) -> Vec<(String, String, Value)> {
        let mut owner = PgConnection::connect(&self.database.url).await.unwrap();
        let rows: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT topic, type, data FROM content.outbox WHERE key = $1 ORDER BY id")
                .bind(key)
                .fetch_all(&mut owner)
                .await
                .unwrap();
        let read =
            |(topic, kind, data): (_, _, Vec<u8>)| (topic, kind, serde_json::from_slice(&data).unwrap());
        rows.into_iter().map(read).collect()
    }

    /// One number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        let mut owner = PgConnection::connect(&self.database.url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut owner).await.unwrap()
    }
}

fn context(component: &'static str, postgres: &Postgres, key: &SigningKey) -> Context {
    let key_set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let variables = [("issuer", ISSUER), ("audience", AUDIENCE), ("bridge_token", BRIDGE_TOKEN)];
    Context::new(Environment {
        bridge: Arc::new(ContentBridge { component, postgres: postgres.clone(), key_set }),
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        variables: HashMap::from(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))),
    })
}
