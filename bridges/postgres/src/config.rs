//! Where a service's schema is, and how much of Postgres the service may take.

use crate::error::ConfigError;
use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::str::FromStr;

/// Prepared statements kept per connection: more than the statements of any one service.
const STATEMENT_CACHE: usize = 256;

/// One service's access to Postgres.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// `postgres://host:port/database`. User and password in it are not used.
    pub url: String,
    /// The service's login role.
    pub role: String,
    /// The role's password.
    pub password: String,
    /// The service's schema, and the only one on the search path.
    pub schema: String,
    /// Connections of this pool.
    #[serde(default = "default_max_connections")]
    pub max_connections: u32,
    /// After this long Postgres cancels a statement itself, whatever became of the caller.
    #[serde(default = "default_statement_timeout_ms")]
    pub statement_timeout_ms: u64,
    /// Time for a whole call, with all waiting in it.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// How long a call waits for one of the pool's connections before it is `overloaded`.
    #[serde(default = "default_acquire_timeout_ms")]
    pub acquire_timeout_ms: u64,
    /// How long the making of a connection may take before Postgres is `unreachable`.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// A connection unused for this long is closed.
    #[serde(default = "default_idle_timeout_ms")]
    pub idle_timeout_ms: u64,
}

fn default_max_connections() -> u32 {
    8
}

fn default_statement_timeout_ms() -> u64 {
    5_000
}

fn default_deadline_ms() -> u64 {
    6_000
}

fn default_acquire_timeout_ms() -> u64 {
    2_000
}

fn default_connect_timeout_ms() -> u64 {
    2_000
}

fn default_idle_timeout_ms() -> u64 {
    60_000
}

impl PostgresConfig {
    /// A configuration with the default limits.
    pub fn new(url: &str, role: &str, password: &str, schema: &str) -> Self {
        PostgresConfig {
            url: url.to_owned(),
            role: role.to_owned(),
            password: password.to_owned(),
            schema: schema.to_owned(),
            max_connections: default_max_connections(),
            statement_timeout_ms: default_statement_timeout_ms(),
            deadline_ms: default_deadline_ms(),
            acquire_timeout_ms: default_acquire_timeout_ms(),
            connect_timeout_ms: default_connect_timeout_ms(),
            idle_timeout_ms: default_idle_timeout_ms(),
        }
    }

    /// How to open one connection. Sessions are read-only unless a transaction says otherwise: what `query`
    /// runs cannot write.
    pub fn connect_options(&self) -> Result<PgConnectOptions, ConfigError> {
        check_identifier(&self.schema)?;
        let timeout = format!("{}ms", self.statement_timeout_ms);
        let options = PgConnectOptions::from_str(&self.url)
            .map_err(|_| ConfigError::Url)?
            .username(&self.role)
            .password(&self.password)
            .application_name(&format!("mcsp-{}", self.schema))
            .statement_cache_capacity(STATEMENT_CACHE)
            .options([
                ("search_path", self.schema.as_str()),
                ("statement_timeout", timeout.as_str()),
                ("idle_in_transaction_session_timeout", timeout.as_str()),
                ("default_transaction_read_only", "on"),
                // Statements are short: compiling one costs more than running it.
                ("jit", "off"),
            ])
            .disable_statement_logging();
        Ok(match options.get_ssl_mode() {
            PgSslMode::Prefer => options.ssl_mode(PgSslMode::Disable),
            _ => options,
        })
    }
}

/// Names of schemas and roles stand in SQL unquoted: lower-case letters, digits and `_`.
pub(crate) fn check_identifier(name: &str) -> Result<(), ConfigError> {
    let valid = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if valid { Ok(()) } else { Err(ConfigError::Name { name: name.to_owned() }) }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("role", &self.role)
            .field("schema", &self.schema)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}
