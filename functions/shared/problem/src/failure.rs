//! How the bridge's failures look to a caller.

use crate::Problem;
use http::StatusCode;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_bridge_api::sql::Inconsistency;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let problem = match &failure {
            Failure::BreakerOpen(retry_after_ms) => {
                unavailable().retry_after_s(retry_after_ms.div_ceil(1000))
            }
            Failure::Unreachable => unavailable().retry_after_s(1),
            Failure::Overloaded => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too much is going on right now")
                    .retry_after_s(1)
            }
            Failure::DeadlineExceeded => Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "dependency_timeout",
                "something that this request needs did not answer in time",
            )
            .retry_after_s(1),
            Failure::NotGranted(_) | Failure::Refused(_) => Problem::internal(&failure),
        };
        problem.caused_by(&failure)
    }
}

impl From<TransactError> for Problem {
    /// For what an operation does not answer itself: it knows its own constraints and guards.
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::Failed(failure) => failure.into(),
            TransactError::UnexpectedRows(_) | TransactError::Conflict => {
                Problem::new(StatusCode::CONFLICT, "conflict", "something else changed this at the same time")
                    .retry_after_s(1)
                    .caused_by(&error)
            }
            TransactError::DuplicateEvent | TransactError::ConstraintViolated(_) => Problem::internal(&error),
        }
    }
}

impl From<Inconsistency> for Problem {
    fn from(inconsistency: Inconsistency) -> Self {
        Problem::internal(&inconsistency)
    }
}

fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "dependency_unavailable",
        "something that this request needs is down",
    )
}
