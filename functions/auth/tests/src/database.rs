//! A database of its own for each test, on the Postgres that `scripts/test` started.

use mcsp_postgres::PostgresConfig;
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::path::Path;
use std::str::FromStr;

/// Dropped at the end.
pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    access: ServiceAccess,
}

fn server_url() -> String {
    std::env::var("MCSP_TEST_POSTGRES_URL").expect("MCSP_TEST_POSTGRES_URL is not set: run scripts/test")
}

impl Database {
    pub(crate) async fn migrated() -> Self {
        let name = format!("auth_{}", uuid::Uuid::new_v4().simple());
        let mut server = PgConnection::connect(&server_url()).await.unwrap();
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
        let url =
            PgConnectOptions::from_str(&server_url()).unwrap().database(&name).to_url_lossy().to_string();
        let password = uuid::Uuid::new_v4().to_string();
        let access = ServiceAccess { service: "auth".into(), role: name.clone(), password };
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations");
        migrate(&url, &migrations, std::slice::from_ref(&access)).await.unwrap();
        Database { name, url, access }
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig::new(&self.url, &self.access.role, &self.access.password, "auth")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut server = PgConnection::connect(&server_url()).await.unwrap();
                for drop in [
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                    format!("DROP ROLE IF EXISTS {name}"),
                ] {
                    server.execute(AssertSqlSafe(drop)).await.ok();
                }
            });
        });
        dropped.join().ok();
    }
}
