//! Where Redis is, and the bounds of a call.

use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// How to reach and use Redis.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://[user:password@]host:port[/database]` or `redis+unix:///path`; `?protocol=resp3` for RESP3.
    pub url: String,
    /// Time for a connection to be made, greeting included.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// After a failed connect, calls fail at once for this long, instead of each trying anew.
    #[serde(default = "default_reconnect_pause_ms")]
    pub reconnect_pause_ms: u64,
    /// Time for a pipeline, connecting included.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// Operations in a pipeline.
    #[serde(default = "default_max_operations")]
    pub max_operations: usize,
    /// Size of a pipeline: its words, arguments, keys and script sources.
    #[serde(default = "default_max_pipeline_bytes")]
    pub max_pipeline_bytes: usize,
}

fn default_connect_timeout_ms() -> u64 {
    500
}

fn default_reconnect_pause_ms() -> u64 {
    100
}

fn default_deadline_ms() -> u64 {
    1_000
}

fn default_max_operations() -> usize {
    256
}

fn default_max_pipeline_bytes() -> usize {
    1 << 20
}

impl RedisConfig {
    /// The defaults for a Redis at `url`.
    pub fn at(url: impl Into<String>) -> Self {
        RedisConfig {
            url: url.into(),
            connect_timeout_ms: default_connect_timeout_ms(),
            reconnect_pause_ms: default_reconnect_pause_ms(),
            deadline_ms: default_deadline_ms(),
            max_operations: default_max_operations(),
            max_pipeline_bytes: default_max_pipeline_bytes(),
        }
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) fn reconnect_pause(&self) -> Duration {
        Duration::from_millis(self.reconnect_pause_ms)
    }

    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("connect_timeout_ms", &self.connect_timeout_ms)
            .field("deadline_ms", &self.deadline_ms)
            .finish_non_exhaustive()
    }
}
