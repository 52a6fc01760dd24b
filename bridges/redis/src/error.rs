//! How a pipeline can fail as a whole. Errors of single operations are replies.

use mcsp_bridge_api::Failure;

/// A URL that names no Redis. Its text is left out: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("not a Redis URL: expected redis://host:port or redis+unix:///path")]
pub struct InvalidUrl;

/// Why a pipeline gave no replies.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The caller's mistake: the grant does not cover it. Nothing was sent.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The caller's mistake: malformed, or over a bound. Nothing was sent.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// There is no connection. Nothing was sent.
    #[error("not connected")]
    NotConnected,
    /// The connection broke, or what came over it was no Redis protocol.
    #[error("connection broken")]
    Broken,
    /// Redis is up but does not serve: loading, a replica, short of disk.
    #[error("not serving: {0}")]
    NotServing(String),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        match error {
            RedisError::NotGranted(missing) => Failure::NotGranted(missing),
            RedisError::Refused(code) => Failure::Refused(code.to_owned()),
            RedisError::NotConnected | RedisError::Broken | RedisError::NotServing(_) => Failure::Unreachable,
        }
    }
}
