//! Why an exchange is not made.

use mcsp_bridge_api::Failure;

/// Why an exchange is not made. None of its steps was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The caller's mistake: the grant does not cover it.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The caller's mistake: over a bound.
    #[error("refused: {0}")]
    Refused(&'static str),
}

impl From<MemoryError> for Failure {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::NotGranted(missing) => Failure::NotGranted(missing),
            MemoryError::Refused(code) => Failure::Refused(code.to_owned()),
        }
    }
}
