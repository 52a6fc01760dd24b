//! Which targets there are, and the bounds of calls to them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The base URL of a target that is all of the public internet, by HTTPS.
pub const ANYWHERE: &str = "https://*";

/// The targets by name, and the cache of their answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServicesConfig {
    /// By the name that functions and grants use.
    pub targets: BTreeMap<String, TargetConfig>,
    /// Kept answers.
    pub cache: CacheConfig,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// `http://host[:port][/prefix]`; or [`ANYWHERE`], for whole addresses in the place of paths.
    pub base_url: String,
    /// Networks that may be called beside the public internet, where the target is [`ANYWHERE`]: `10.0.0.0/8`.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Time for a call, where the caller does not ask for less; and a second more for each MiB that is sent.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u32,
    /// The longest body of an answer.
    #[serde(default = "default_max_response_bytes")]
    pub max_response_bytes: usize,
    /// The longest body of a request: by default a part of a file of the least size that stores take (5 MiB), and something
    /// beside.
    #[serde(default = "default_max_request_bytes")]
    pub max_request_bytes: usize,
    /// Request headers that do not leave the platform, beside those that belong to a connection.
    #[serde(default)]
    pub unforwarded_headers: Vec<String>,
}

fn default_deadline_ms() -> u32 {
    2_000
}

fn default_max_response_bytes() -> usize {
    1 << 20
}

fn default_max_request_bytes() -> usize {
    6 << 20
}

impl TargetConfig {
    /// The defaults for a target at `base_url`.
    pub fn at(base_url: impl Into<String>) -> Self {
        TargetConfig {
            base_url: base_url.into(),
            networks: Vec::new(),
            deadline_ms: default_deadline_ms(),
            max_response_bytes: default_max_response_bytes(),
            max_request_bytes: default_max_request_bytes(),
            unforwarded_headers: Vec::new(),
        }
    }
}

/// Bounds of the cache. What was used least recently goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Answers kept.
    pub max_entries: usize,
    /// Their bodies and headers together.
    pub max_bytes: usize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig { max_entries: 10_000, max_bytes: 32 << 20 }
    }
}
