//! How hashing can fail. No case carries a password or a hash.

use mcsp_bridge_api::Failure;

/// Why there is no hash, or no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The queue in front of the threads is full.
    #[error("all hashing threads and their queue are taken")]
    QueueFull,
    /// The caller's mistake: longer than [`MAX_PASSWORD_BYTES`](crate::MAX_PASSWORD_BYTES).
    #[error("password too long")]
    PasswordTooLong,
    /// The caller's mistake: not a PHC string of argon2, or one with absurd parameters.
    #[error("malformed password hash")]
    MalformedHash,
    /// The threads are gone, or the machine has no randomness or memory.
    #[error("hashing is not available")]
    Unavailable,
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::QueueFull => Failure::Overloaded,
            PasswordError::PasswordTooLong => Failure::Refused("password-too-long".to_owned()),
            PasswordError::MalformedHash => Failure::Refused("malformed-hash".to_owned()),
            PasswordError::Unavailable => Failure::Unreachable,
        }
    }
}
