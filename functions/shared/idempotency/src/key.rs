//! The header.

use crate::claim;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderName, StatusCode};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};

/// The header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A key may be as long as this.
const KEY_MAX_BYTES: usize = 255;

/// The key of a request, where there is one. Refuses with 400 `invalid_idempotency_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

/// The key of a request that must have one: 400 `missing_idempotency_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredIdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(&IDEMPOTENCY_KEY) else { return Ok(IdempotencyKey(None)) };
        let key = value.to_str().ok().and_then(parse);
        key.map(|key| IdempotencyKey(Some(key))).ok_or_else(invalid)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequiredIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        key.map(RequiredIdempotencyKey).ok_or_else(missing)
    }
}

impl Describe for IdempotencyKey {
    fn describe(operation: &mut Operation) {
        operation.take_header(IDEMPOTENCY_KEY, false);
        for refusal in [invalid(), claim::reused(), claim::in_flight(), claim::overtaken()] {
            operation.refuse(refusal);
        }
    }
}

impl Describe for RequiredIdempotencyKey {
    fn describe(operation: &mut Operation) {
        IdempotencyKey::describe(operation);
        operation.take_header(IDEMPOTENCY_KEY, true);
        operation.refuse(missing());
    }
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_idempotency_key",
        "Idempotency-Key must hold 1 to 255 visible ASCII characters",
    )
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "missing_idempotency_key",
        "this request needs the header Idempotency-Key",
    )
}

/// The draft has a structured string, `"8e03978e"`; many clients send it bare. Both name the same key.
fn parse(value: &str) -> Option<String> {
    let value = value.trim();
    let key = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let visible = key.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    (visible && !key.is_empty() && key.len() <= KEY_MAX_BYTES).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_quoted_and_bare() {
        assert_eq!(parse("\"8e03\""), parse("8e03"));
        let longest = "x".repeat(KEY_MAX_BYTES);
        assert_eq!(parse(&longest), Some(longest.clone()));
        for bad in ["", "\"\"", "a b", "a\"b", "\"a", &format!("{longest}x")] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
