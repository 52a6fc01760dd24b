//! How the store's failures look to a caller.

use crate::StoreError;
use mcsp_bridge_api::Failure;
use mcsp_problem::Problem;

/// A call to the store that gave no result. Nothing is lost: the same request can be sent again.
pub fn unavailable(error: StoreError) -> Problem {
    match &error {
        StoreError::Call(failure) => failure.clone().into(),
        StoreError::Unavailable { .. } => Problem::from(Failure::Unreachable).caused_by(&error),
        StoreError::NoSuchObject
        | StoreError::NoSuchUpload
        | StoreError::Refused { .. }
        | StoreError::Unreadable
        | StoreError::Settings(_) => Problem::internal(&error),
    }
}
