//! Brings a database to what `migrations/` says: for each service a schema and a login role of its own, the
//! platform's tables in every schema, then the service's.

mod apply;
mod error;
mod files;
mod ledger;
mod roles;

pub use error::MigrateError;

use crate::config::check_identifier;
use futures::future::try_join_all;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// How long a statement waits for a lock, and a run for another one to end: long enough for the other,
/// short enough that a migration never queues up the traffic behind it for long.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '30s'";
/// Any number, as long as it is always this one.
const LOCK: &str = "SELECT pg_advisory_lock(7236001)";

/// A service's place in the database.
#[derive(Clone)]
pub struct ServiceAccess {
    /// The service: its folder in `migrations/`, and its schema.
    pub service: String,
    /// Its login role. Roles belong to the whole server, not to one database.
    pub role: String,
    /// The role's password.
    pub password: String,
}

impl fmt::Debug for ServiceAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccess")
            .field("service", &self.service)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The applied files, as `<schema>: <folder>/<file>`, in order. Empty where nothing was to be done.
    pub applied: Vec<String>,
    /// The roles that were made, or got a new password.
    pub roles: Vec<String>,
}

/// Applies what is missing. Runs at the same time wait for each other; a second run does nothing.
///
/// `owner_url` names a role that may create schemas and roles; `folder` is `migrations/`.
pub async fn migrate(
    owner_url: &str,
    folder: &Path,
    services: &[ServiceAccess],
) -> Result<Report, MigrateError> {
    for access in services {
        check_identifier(&access.service)?;
        check_identifier(&access.role)?;
    }
    let platform = files::read(folder, "platform")?;
    let options = PgConnectOptions::from_str(owner_url)
        .map_err(|_| crate::ConfigError::Url)?
        .application_name("mcsp-migrate")
        .disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await.map_err(MigrateError::Connect)?;
    connection.execute(LOCK_TIMEOUT).await.map_err(MigrateError::Prepare)?;
    connection.execute(LOCK).await.map_err(MigrateError::Lock)?;
    let applied = ledger::open(&mut connection).await?;

    let mut report = Report::default();
    let logins = try_join_all(services.iter().map(|access| roles::can_log_in(&options, access))).await?;
    for (access, can_log_in) in services.iter().zip(logins) {
        if !can_log_in {
            roles::create(&mut connection, access).await?;
            report.roles.push(access.role.clone());
        }
    }
    for access in services {
        let own = files::read(folder, &access.service)?;
        for file in platform.iter().chain(&own) {
            if applied.has(&access.service, file)? {
                continue;
            }
            apply::apply(&mut connection, access, file).await?;
            report.applied.push(format!("{}: {}", access.service, file.name));
        }
    }
    connection.close().await.map_err(MigrateError::Prepare)?;
    Ok(report)
}
