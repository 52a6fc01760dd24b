//! How a call can fail. An answer of any status is no failure.

use mcsp_bridge_api::Failure;

/// A target whose configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("services: target `{target}`: {problem}")]
pub struct InvalidTarget {
    /// The target's name.
    pub target: String,
    /// What is wrong.
    pub problem: &'static str,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The caller's mistake: the grant does not name the target. Nothing was sent.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The caller's mistake: a malformed request, or one over a bound. Nothing was sent.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// No connection, or it broke, or what came was no HTTP.
    #[error("target unreachable")]
    Unreachable,
    /// The answer is longer than the target's bound.
    #[error("response too large")]
    ResponseTooLarge,
}

impl From<ServicesError> for Failure {
    fn from(error: ServicesError) -> Self {
        match error {
            ServicesError::NotGranted(missing) => Failure::NotGranted(missing),
            ServicesError::Refused(code) => Failure::Refused(code.to_owned()),
            ServicesError::Unreachable => Failure::Unreachable,
            ServicesError::ResponseTooLarge => Failure::Refused("response-too-large".to_owned()),
        }
    }
}
