//! Why there is no licence.

use http::StatusCode;
use mcsp_bridge_api::Failure;
use mcsp_problem::Problem;

/// 403: the token has run out. A heartbeat that renews, or a start under the same Idempotency-Key, gives another one.
pub(crate) fn token_expired() -> Problem {
    forbidden("licence_token_expired", "the licence token has expired")
}

/// 403: it is none, was changed, is signed with a key that is not known, or is another account's.
pub(crate) fn token_invalid() -> Problem {
    forbidden("licence_token_invalid", "the licence token is not valid")
}

/// 403: each is good once.
pub(crate) fn token_used() -> Problem {
    forbidden("licence_token_used", "the licence token was used before")
}

/// 403: who stopped watching needs no keys.
pub(crate) fn session_ended() -> Problem {
    forbidden("session_ended", "the playback session has ended")
}

/// 403: the key is of something else than what is played.
pub(crate) fn key_not_granted() -> Problem {
    forbidden("key_not_granted", "the licence token is not for all of these keys")
}

/// 403: the key system cannot hold the player to the terms.
pub(crate) fn terms_not_enforced() -> Problem {
    forbidden("terms_not_enforced", "this key system cannot keep the terms of this licence")
}

/// 403: the licence server has said no.
pub(crate) fn refused() -> Problem {
    forbidden("licence_refused", "the licence server does not give this licence")
}

/// 400: not what a player's key system asks with.
pub(crate) fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_licence_request",
        "the body is not a licence request of this key system",
    )
}

/// 413: no licence request is as long.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "licence_request_too_large",
        "the licence request is larger than 64 KiB",
    )
}

/// 404: this platform has no licences of this key system, and a session names no path to them. No retry would help.
pub(crate) fn not_offered() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "key_system_not_offered",
        "there are no licences of this key system here",
    )
}

/// 503: the licence server gives nothing now. The token stays good.
pub(crate) fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "licence_server_unavailable",
        "the licence server does not answer right now",
    )
    .retry_after_s(1)
}

/// What the bridge's failures come to.
pub(crate) fn of_failure(failure: &Failure) -> Problem {
    match failure {
        Failure::BreakerOpen(retry_after_ms) => unavailable().retry_after_s(retry_after_ms.div_ceil(1000)),
        Failure::Overloaded | Failure::DeadlineExceeded | Failure::Unreachable => unavailable(),
        Failure::NotGranted(_) | Failure::Refused(_) => return Problem::internal(failure),
    }
    .caused_by(failure)
}

fn forbidden(code: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, title)
}
