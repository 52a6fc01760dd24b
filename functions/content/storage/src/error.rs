//! How reads and writes fail, and what the caller is told where the operation has no answer of its own.

use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError};
use mcsp_bridge_api::sql::Inconsistency;
use mcsp_problem::Problem;

/// Why there is no row.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bridge gave no result.
    #[error("the read failed")]
    Failed(#[from] Failure),
    /// A row that should not exist.
    #[error("the row cannot be read")]
    Inconsistent(#[from] Inconsistency),
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another writer was first: what was decided on is not what is there.
    #[error("another writer was first")]
    Outdated,
    /// The transaction was rolled back for another reason.
    #[error("the transaction failed")]
    Failed(#[source] TransactError),
}

impl From<TransactError> for WriteError {
    /// The guarded write of a video is the first statement of its transaction.
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::UnexpectedRows(RowMismatch { statement: 0, .. }) => WriteError::Outdated,
            other => WriteError::Failed(other),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Failed(failure) => failure.into(),
            ReadError::Inconsistent(inconsistency) => inconsistency.into(),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Outdated => {
                TransactError::UnexpectedRows(RowMismatch { statement: 0, actual_rows: 0 }).into()
            }
            WriteError::Failed(error) => error.into(),
        }
    }
}
