//! Calls from within the platform: the bearer of the pod's own token.

use crate::Context;
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, header};
use mcsp_problem::Problem;
use subtle::ConstantTimeEq;

/// Proof that the bridge or another service calls: both know `bridge_token`. To anyone else there is nothing
/// here: 404 `not_found`.
#[derive(Clone, Copy, Debug)]
pub struct FromPlatform(());

impl<S> FromRequestParts<S> for FromPlatform
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        authenticate(&parts.headers, &Context::from_ref(state)).map(FromPlatform)
    }
}

fn authenticate(headers: &HeaderMap, context: &Context) -> Result<(), Problem> {
    let expected = context.variable("bridge_token").map_err(|error| Problem::internal(&error))?;
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    let known = !expected.is_empty() && bool::from(given.ct_eq(expected.as_bytes()));
    if known { Ok(()) } else { Err(Problem::not_found()) }
}
