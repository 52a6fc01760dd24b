//! Calls from within the platform: the bearer of the pod's own token.

use crate::{Context, MissingVariable};
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, header};
use mcsp_bridge_api::token;
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};

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
        match is_from_platform(&parts.headers, &Context::from_ref(state)) {
            Ok(true) => Ok(FromPlatform(())),
            Ok(false) => Err(Problem::not_found()),
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

impl Describe for FromPlatform {
    fn describe(operation: &mut Operation) {
        operation.take_platform_token();
        operation.refuse(Problem::not_found());
    }
}

pub(crate) fn is_from_platform(headers: &HeaderMap, context: &Context) -> Result<bool, MissingVariable> {
    let expected = context.variable("bridge_token")?;
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    Ok(token::accepts(expected, given))
}
