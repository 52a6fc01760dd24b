//! How rotations are refused, whatever the keys sign.

use crate::RotationUnderWay;
use http::StatusCode;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_problem::Problem;

/// The rows of the keys are numbered, so that of two who rotate at once one is refused.
const NUMBERED: &str = "signing_keys_pkey";

/// Why new keys were not stored.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Somebody else has rotated since the keys were read.
    #[error("somebody else has rotated the keys")]
    Outdated,
    /// The bridge did not commit.
    #[error("the keys were not rotated")]
    Failed(#[source] TransactError),
}

/// 409 `rotation_under_way`.
pub fn under_way() -> Problem {
    Problem::new(StatusCode::CONFLICT, "rotation_under_way", "a rotation is under way")
}

impl From<TransactError> for RotateError {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::ConstraintViolated(violation) if violation.constraint == NUMBERED => {
                RotateError::Outdated
            }
            error => RotateError::Failed(error),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Outdated => under_way(),
            RotateError::Failed(error) => error.into(),
        }
    }
}

impl From<RotationUnderWay> for Problem {
    fn from(RotationUnderWay { signs_from }: RotationUnderWay) -> Self {
        under_way().with_detail(format_args!("its key signs from {signs_from} on"))
    }
}
