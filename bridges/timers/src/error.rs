//! Why a round came to nothing. The next round tries again.

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TimersError {
    /// The timers cannot be read or written.
    #[error("the timers cannot be reached")]
    Postgres(#[from] sqlx::Error),
    /// Postgres takes too long to connect.
    #[error("Postgres does not answer")]
    ConnectTimeout,
}
