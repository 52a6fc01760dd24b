//! What the host answers in a function's place, and what any function may answer: when one asks too often, or
//! something is down.
//!
//! A host is not bound to know a function, nor a function its host, so these stand here by name. The runner's
//! own tests and the end-to-end tests hold them against what is really answered.

use crate::Refusal;
use http::{HeaderName, StatusCode, header};

const RETRY_AFTER: &[HeaderName] = &[header::RETRY_AFTER];

/// What any operation may fail with.
pub(crate) fn failures() -> impl Iterator<Item = Refusal> {
    use StatusCode as S;
    [
        (
            S::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests; the next is taken after the time in Retry-After",
            RETRY_AFTER,
        ),
        (S::INTERNAL_SERVER_ERROR, "internal_error", "the request failed on our side", &[][..]),
        (S::INTERNAL_SERVER_ERROR, "function_failed", "the function failed", &[]),
        (
            S::SERVICE_UNAVAILABLE,
            "dependency_unavailable",
            "something that this request needs is down",
            RETRY_AFTER,
        ),
        (S::SERVICE_UNAVAILABLE, "overloaded", "too much is going on right now", RETRY_AFTER),
        (S::SERVICE_UNAVAILABLE, "function_unavailable", "the function could not be started", RETRY_AFTER),
        (S::SERVICE_UNAVAILABLE, "stopping", "the server is stopping", RETRY_AFTER),
        (
            S::GATEWAY_TIMEOUT,
            "dependency_timeout",
            "something that this request needs did not answer in time",
            RETRY_AFTER,
        ),
        (S::GATEWAY_TIMEOUT, "function_timeout", "the function did not answer in time", &[]),
    ]
    .into_iter()
    .map(refusal)
}

/// How a body is refused before a function sees it.
pub(crate) fn of_bodies() -> impl Iterator<Item = Refusal> {
    use StatusCode as S;
    [
        (S::BAD_REQUEST, "bad_request", "the body is broken", &[][..]),
        (S::REQUEST_TIMEOUT, "request_timeout", "the body did not arrive in time", &[]),
        (S::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than 1 MiB", &[]),
    ]
    .into_iter()
    .map(refusal)
}

fn refusal(
    (status, code, title, headers): (StatusCode, &'static str, &'static str, &[HeaderName]),
) -> Refusal {
    Refusal { status, code, title, headers: headers.to_vec(), document: None }
}
