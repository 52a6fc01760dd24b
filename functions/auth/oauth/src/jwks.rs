//! `GET /.well-known/jwks.json`: the keys that verify access tokens (RFC 7517).

use auth_keys::SigningKeyring;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header;
use mcsp_function::Context;
use mcsp_problem::Problem;

/// Fresh for five minutes and of use for five more: a new key is published longer than that before it signs. Whoever
/// cannot reach this goes on verifying for a day.
const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";

pub(crate) async fn show(
    State(context): State<Context>,
    Extension(keyring): Extension<SigningKeyring>,
) -> Result<Response, Problem> {
    let keys = keyring.published(&context).await?.to_string();
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    Ok((headers, keys).into_response())
}
