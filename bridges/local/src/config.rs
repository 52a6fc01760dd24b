//! What a stack consists of and where each part comes from.

use crate::programs::default_tools_dir;
use std::path::PathBuf;

/// What a store promises after a crash of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// What was acknowledged is on disk.
    #[default]
    Durable,
    /// Nothing is promised: for tests.
    Fast,
}

/// Where a store comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Started here, for this stack alone.
    #[default]
    Private,
    /// Already running somewhere, at this URL or these addresses.
    External(String),
    /// Not part of this stack.
    Off,
}

impl Source {
    /// External when the environment variable holds something, else private.
    #[must_use]
    pub fn from_env(variable: &str) -> Self {
        match std::env::var(variable) {
            Ok(value) if !value.trim().is_empty() => Self::External(value.trim().to_owned()),
            _ => Self::Private,
        }
    }
}

/// A stack to start.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// Where data, passwords, ports and logs are kept.
    pub state_dir: PathBuf,
    /// Where scripts/setup put what it downloads.
    pub tools_dir: PathBuf,
    /// What the private stores promise.
    pub durability: Durability,
    /// Postgres; the URL must be a superuser's, or of a role that may create roles and schemas.
    pub postgres: Source,
    /// Redis.
    pub redis: Source,
    /// Kafka, as a list of brokers.
    pub kafka: Source,
}

/// Names the Postgres to use instead of a private one.
pub const POSTGRES_VARIABLE: &str = "MCSP_POSTGRES_URL";
/// Names the Redis to use instead of a private one.
pub const REDIS_VARIABLE: &str = "MCSP_REDIS_URL";
/// Names the Kafka brokers to use instead of a private one.
pub const KAFKA_VARIABLE: &str = "MCSP_KAFKA_BROKERS";

impl StackConfig {
    /// Everything private in `state_dir`, but for what environment variables name.
    pub fn from_env(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            postgres: Source::from_env(POSTGRES_VARIABLE),
            redis: Source::from_env(REDIS_VARIABLE),
            kafka: Source::from_env(KAFKA_VARIABLE),
            ..Self::private(state_dir, Durability::Durable)
        }
    }

    /// Everything private in `state_dir`.
    pub fn private(state_dir: impl Into<PathBuf>, durability: Durability) -> Self {
        Self {
            state_dir: state_dir.into(),
            tools_dir: default_tools_dir(),
            durability,
            postgres: Source::Private,
            redis: Source::Private,
            kafka: Source::Private,
        }
    }
}
