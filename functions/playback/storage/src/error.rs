//! Why a store gave nothing.

use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_bridge_api::sql::Inconsistency;
use mcsp_problem::Problem;

/// Why a store gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bridge gave no result.
    #[error("the bridge gave no result")]
    Failed(#[source] Failure),
    /// A transaction was rolled back.
    #[error("the transaction was rolled back")]
    RolledBack(#[source] TransactError),
    /// A row that should not exist.
    #[error("a row that should not exist")]
    Inconsistent(#[from] Inconsistency),
    /// A read model in Redis, or an answer of a script, that this version does not understand.
    #[error("`{0}` in redis has another form")]
    Unreadable(&'static str),
    /// Content answered something else than its contract says.
    #[error("content answered with status {status}")]
    Content {
        /// What it answered.
        status: u16,
    },
}

impl StoreError {
    /// Whether another source may be asked: the store can't tell, whatever is wrong with it. A missing grant is no such
    /// thing.
    pub fn is_outage(&self) -> bool {
        !matches!(self, StoreError::Failed(Failure::NotGranted(_)) | StoreError::RolledBack(_))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        StoreError::Failed(failure)
    }
}

impl From<TransactError> for StoreError {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::Failed(failure) => StoreError::Failed(failure),
            error @ (TransactError::DuplicateEvent
            | TransactError::UnexpectedRows(_)
            | TransactError::ConstraintViolated(_)
            | TransactError::Conflict) => StoreError::RolledBack(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => failure.into(),
            StoreError::RolledBack(error) => error.into(),
            StoreError::Inconsistent(inconsistency) => inconsistency.into(),
            StoreError::Unreadable(_) => Problem::internal(&error),
            StoreError::Content { .. } => Problem::from(Failure::Unreachable).caused_by(&error),
        }
    }
}
