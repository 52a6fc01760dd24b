//! A database of its own for each test, on the Postgres that `scripts/test` started.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction, Value};
use mcsp_guard::{Guard, PolicyTable};
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use mcsp_postgres::{OutboxWake, Postgres, PostgresConfig};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The superuser's URL of the server under test.
pub fn server_url() -> String {
    std::env::var("MCSP_TEST_POSTGRES_URL").expect("MCSP_TEST_POSTGRES_URL is not set: run scripts/test")
}

/// The same server, another database.
pub fn url_of(database: &str) -> String {
    PgConnectOptions::from_str(&server_url()).unwrap().database(database).to_url_lossy().to_string()
}

/// The repository's migrations.
pub fn migrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

// Names that must not collide between test runs.
#[allow(clippy::disallowed_methods)]
pub fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A database with the schemas of some services, dropped at the end.
pub struct Database {
    pub name: String,
    pub url: String,
    pub services: Vec<ServiceAccess>,
}

impl Database {
    /// Without anything in it.
    pub async fn empty(services: &[&str]) -> Self {
        let name = format!("t{}", unique());
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        owner(&server_url()).await.execute(AssertSqlSafe(create)).await.unwrap();
        let services = services
            .iter()
            .map(|service| ServiceAccess {
                service: (*service).to_owned(),
                role: format!("{service}_{name}"),
                password: unique(),
            })
            .collect();
        Database { url: url_of(&name), name, services }
    }

    /// With the platform's tables in each service's schema.
    pub async fn migrated(services: &[&str]) -> Self {
        let database = Database::empty(services).await;
        migrate(&database.url, &migrations(), &database.services).await.unwrap();
        database
    }

    pub fn config(&self, service: &str) -> PostgresConfig {
        let access = self.services.iter().find(|access| access.service == service).unwrap();
        PostgresConfig::new(&self.url, &access.role, &access.password, service)
    }

    pub fn postgres(&self, service: &str) -> Postgres {
        client(&self.config(service))
    }

    /// Runs SQL as the owner, with the service's schema on the search path and its role let in.
    pub async fn prepare(&self, service: &str, sql: &str) {
        let access = self.services.iter().find(|access| access.service == service).unwrap();
        let all = format!(
            "SET search_path = {service}; {sql}; GRANT ALL ON ALL TABLES IN SCHEMA {service} TO {}",
            access.role
        );
        owner(&self.url).await.execute(sqlx::raw_sql(AssertSqlSafe(all))).await.unwrap();
    }

    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner(&self.url).await).await.unwrap()
    }

    /// A plain connection with the service's own role.
    pub async fn role(&self, service: &str) -> PgConnection {
        let config = self.config(service);
        let options = PgConnectOptions::from_str(&self.url).unwrap();
        let options = options.username(&config.role).password(&config.password);
        PgConnection::connect_with(&options).await.unwrap()
    }

    pub async fn owner(&self) -> PgConnection {
        owner(&self.url).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        let roles: Vec<String> = self.services.iter().map(|access| access.role.clone()).collect();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut owner = owner(&server_url()).await;
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                owner.execute(AssertSqlSafe(drop)).await.ok();
                for role in roles {
                    owner.execute(AssertSqlSafe(format!("DROP ROLE IF EXISTS {role}"))).await.ok();
                }
            });
        })
        .join()
        .ok();
    }
}

pub fn guard() -> Arc<Guard> {
    Arc::new(Guard::new("test", "postgres", PolicyTable::default().policy("test", "postgres")))
}

pub fn client(config: &PostgresConfig) -> Postgres {
    Postgres::new(config, guard(), OutboxWake::default()).unwrap()
}

async fn owner(url: &str) -> PgConnection {
    let mut owner = PgConnection::connect(url).await.unwrap();
    owner.execute("SET client_min_messages = warning").await.unwrap();
    owner
}

/// A transaction of statements alone.
pub fn statements(statements: Vec<GuardedStatement>) -> Transaction {
    Transaction { consumed_event: None, statements, events: vec![] }
}

/// Values of every type, among them those that are easily lost on the way.
pub fn values() -> Vec<Value> {
    let uuid = uuid::Uuid::from_u128(7).as_bytes().to_vec();
    vec![
        Value::Boolean(Some(true)),
        Value::Int64(Some(i64::MIN)),
        Value::Float64(Some(-0.1)),
        Value::Text(Some("žluťoučký 🐎 'quoted'".to_owned())),
        Value::Text(Some("long ".repeat(20_000))),
        Value::Bytes(Some(vec![0, 255, 1])),
        Value::Bytes(Some(vec![])),
        Value::Bytes(Some((0..70_000_u32).map(|n| n.to_le_bytes()[0]).collect())),
        Value::Uuid(Some(uuid.clone())),
        Value::TimestampUs(Some(1_790_000_000_123_456)),
        Value::TimestampUs(Some(-1)),
        Value::Json(Some(r#"{"a": [1, null]}"#.to_owned())),
        Value::TextArray(Some(vec!["a".to_owned(), String::new()])),
        Value::TextArray(Some(vec![])),
        Value::Int64Array(Some(vec![1, -2, i64::MAX])),
        Value::UuidArray(Some(vec![uuid])),
        Value::UuidArray(Some(vec![])),
    ]
}

/// The null of each of [`values`].
pub fn nulls() -> Vec<Value> {
    let null = |value: Value| match value {
        Value::Boolean(_) => Value::Boolean(None),
        Value::Int64(_) => Value::Int64(None),
        Value::Float64(_) => Value::Float64(None),
        Value::Text(_) => Value::Text(None),
        Value::Bytes(_) => Value::Bytes(None),
        Value::Uuid(_) => Value::Uuid(None),
        Value::TimestampUs(_) => Value::TimestampUs(None),
        Value::Json(_) => Value::Json(None),
        Value::TextArray(_) => Value::TextArray(None),
        Value::Int64Array(_) => Value::Int64Array(None),
        Value::UuidArray(_) => Value::UuidArray(None),
    };
    values().into_iter().map(null).collect()
}

pub fn event(topic: &str, key: &str, data: &str) -> Event {
    Event {
        topic: topic.to_owned(),
        key: key.to_owned(),
        id: unique(),
        type_: "mcsp.test.thing.changed.v1".to_owned(),
        source: "/mcsp/test".to_owned(),
        time_us: 1_790_000_000_000_000,
        traceparent: None,
        tracestate: None,
        data: data.as_bytes().to_vec(),
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
