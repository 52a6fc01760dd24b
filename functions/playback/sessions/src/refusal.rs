//! Why a session is not opened, or does not go on.

use crate::denied;
use http::StatusCode;
use mcsp_bridge_api::Failure;
use mcsp_problem::Problem;
use playback_domain::Denial;
use playback_storage::StoreError;

/// Why no session is opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The viewer may not play this.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The Idempotency-Key was of another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The session that was started under the Idempotency-Key is over.
    #[error("the session of the idempotency key is over")]
    Over,
    /// The video changed with every try.
    #[error("the video changes faster than it can be decided on")]
    Unsettled,
    /// The stores that could tell are down.
    #[error("the entitlement cannot be known")]
    Unknown(#[source] StoreError),
    /// A mistake of ours.
    #[error("the stores gave something that they should not")]
    Inconsistent(#[source] StoreError),
}

impl Refusal {
    pub(crate) fn unknown(error: StoreError) -> Self {
        match error {
            StoreError::Failed(Failure::NotGranted(_) | Failure::Refused(_))
            | StoreError::RolledBack(_)
            | StoreError::Inconsistent(_)
            | StoreError::Unreadable(_) => Refusal::Inconsistent(error),
            StoreError::Failed(
                Failure::BreakerOpen(_)
                | Failure::Overloaded
                | Failure::DeadlineExceeded
                | Failure::Unreachable,
            )
            | StoreError::Content { .. } => Refusal::Unknown(error),
        }
    }
}

/// 409: a repetition of a start whose session has ended, or whose URL has run out, opens no other one.
pub(crate) fn over() -> Problem {
    Problem::new(StatusCode::CONFLICT, "session_over", "the session of this Idempotency-Key is over")
        .with_detail("start another one, under another key")
}

/// 403: on this platform nobody keeps keys.
pub(crate) fn offline_not_offered() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "offline_not_offered", "videos are not played here without a network")
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Denied(denial) => denied::problem(*denial),
            Refusal::KeyReused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            ),
            Refusal::Over => over(),
            Refusal::Unsettled | Refusal::Unknown(_) => denied::unknown().caused_by(&refusal),
            Refusal::Inconsistent(_) => Problem::internal(&refusal),
        }
    }
}
