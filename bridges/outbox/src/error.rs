//! Why a round of the relay came to nothing. The next round tries again.

/// Why a round of the relay came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The outbox cannot be read or written.
    #[error("the outbox cannot be reached")]
    Postgres(#[from] sqlx::Error),
    /// Postgres takes too long to connect.
    #[error("Postgres does not answer")]
    ConnectTimeout,
    /// The producer has no room for a single event.
    #[error("the producer's queue is full")]
    QueueFull,
}
