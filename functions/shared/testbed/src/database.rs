//! A database of its own for each test.

use crate::names::{store_url, unique};
use mcsp_postgres::PostgresConfig;
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::path::Path;
use std::str::FromStr;

const SERVER: &str = "MCSP_TEST_POSTGRES_URL";

/// A database with one service's schema, and a role that no other database has. Dropped at the end.
pub(crate) struct Database {
    name: String,
    url: String,
    access: ServiceAccess,
}

impl Database {
    /// With everything that `migrations` says for the service.
    pub(crate) async fn migrated(service: &str, migrations: &Path) -> Self {
        let name = format!("{service}_{}", unique());
        let mut server = PgConnection::connect(&store_url(SERVER)).await.unwrap();
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
        let options = PgConnectOptions::from_str(&store_url(SERVER)).unwrap().database(&name);
        let access = ServiceAccess { service: service.to_owned(), role: name.clone(), password: unique() };
        let database = Database { name, url: options.to_url_lossy().to_string(), access };
        migrate(&database.url, migrations, std::slice::from_ref(&database.access)).await.unwrap();
        database
    }

    /// As the service sees it.
    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig::new(&self.url, &self.access.role, &self.access.password, &self.access.service)
    }

    /// As the owner sees it, with the service's schema on the search path.
    pub(crate) async fn owner(&self) -> PgConnection {
        let mut owner = PgConnection::connect(&self.url).await.unwrap();
        let set = format!("SET search_path = {}", self.access.service);
        owner.execute(AssertSqlSafe(set)).await.unwrap();
        owner
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut server = PgConnection::connect(&store_url(SERVER)).await.unwrap();
                // What the test leaves half-connected answers nobody while this is waited for; the stores end with the run.
                for drop in [
                    "SET statement_timeout = '2s'".to_owned(),
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
