//! What a stack consists of and where each part comes from.

use crate::programs::default_tools_dir;
use std::fmt;
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

/// A key of a ring: one that signs playback URLs, or that content keys are derived from. Not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaybackKey {
    /// The id by which it is named.
    pub id: String,
    /// At least 32 bytes.
    pub secret: String,
}

impl fmt::Debug for PlaybackKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PlaybackKey").field("id", &self.id).finish_non_exhaustive()
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
    /// The search engine; where it is off, Postgres searches alone.
    pub search: Source,
    /// S3, as `http://access_key:secret_key@host:port?region=…`.
    pub object_store: Source,
    /// The buckets that uploads go to, one for each region of the residency policies.
    pub upload_buckets: Vec<String>,
    /// The bucket that packaged streams are served from.
    pub packaged_bucket: String,
    /// Whether the stand-ins for the CDN, the pipeline and mail run; they need the object store and Kafka.
    pub stand_ins: bool,
    /// The ring of keys that the CDN accepts; when empty, one is made up and kept in the state directory.
    pub playback_keys: Vec<PlaybackKey>,
    /// What the keys of protected streams are derived from, the first for new ones; made up in the same way.
    pub content_key_seeds: Vec<PlaybackKey>,
}

/// Names the Postgres to use instead of a private one.
pub const POSTGRES_VARIABLE: &str = "MCSP_POSTGRES_URL";
/// Names the Redis to use instead of a private one.
pub const REDIS_VARIABLE: &str = "MCSP_REDIS_URL";
/// Names the Kafka brokers to use instead of a private one.
pub const KAFKA_VARIABLE: &str = "MCSP_KAFKA_BROKERS";
/// Names the search engine to use.
pub const SEARCH_VARIABLE: &str = "MCSP_SERVICE_URL_SEARCH";
/// Names the object store to use instead of a private one.
pub const OBJECT_STORE_VARIABLE: &str = "MCSP_S3_URL";

const UPLOAD_BUCKET: &str = "mcsp-uploads";
const PACKAGED_BUCKET: &str = "mcsp-packaged";

impl StackConfig {
    /// All that the platform needs, private in `state_dir` but for what environment variables name.
    pub fn platform(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            postgres: Source::from_env(POSTGRES_VARIABLE),
            redis: Source::from_env(REDIS_VARIABLE),
            kafka: Source::from_env(KAFKA_VARIABLE),
            object_store: Source::from_env(OBJECT_STORE_VARIABLE),
            stand_ins: true,
            ..Self::stores(state_dir, Durability::Durable)
        }
    }

    /// Postgres, Redis and Kafka alone, all private in `state_dir`.
    pub fn stores(state_dir: impl Into<PathBuf>, durability: Durability) -> Self {
        Self {
            state_dir: state_dir.into(),
            tools_dir: default_tools_dir(),
            durability,
            postgres: Source::Private,
            redis: Source::Private,
            kafka: Source::Private,
            search: Source::Off,
            object_store: Source::Off,
            upload_buckets: vec![UPLOAD_BUCKET.to_owned()],
            packaged_bucket: PACKAGED_BUCKET.to_owned(),
            stand_ins: false,
            playback_keys: Vec::new(),
            content_key_seeds: Vec::new(),
        }
    }
}
