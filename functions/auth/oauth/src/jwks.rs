//! `GET /.well-known/jwks.json`: the keys that verify access tokens (RFC 7517).

use auth_keys::SigningKeyring;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_function::Context;
use mcsp_problem::Problem;
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;

/// Fresh for five minutes and of use for five more: a new key is published longer than that before it signs. Whoever
/// cannot reach this goes on verifying for a day.
const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";

/// A JWK Set (RFC 7517, section 5), for the API reference.
#[derive(JsonSchema)]
#[schemars(rename = "JwkSet")]
struct JwkSet {
    /// The key that signs, and those that signed before it or will after it.
    #[expect(dead_code, reason = "only described")]
    keys: Vec<Jwk>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only described")]
struct Jwk {
    /// The key type.
    #[schemars(extend("const" = "OKP"))]
    kty: &'static str,
    /// The curve.
    #[schemars(extend("const" = "Ed25519"))]
    crv: &'static str,
    /// What it is for.
    #[schemars(extend("const" = "sig"))]
    r#use: &'static str,
    /// The algorithm.
    #[schemars(extend("const" = "EdDSA"))]
    alg: &'static str,
    /// The key id, which tokens name.
    #[schemars(example = &"k1")]
    kid: String,
    /// The public key, in base64url.
    #[schemars(example = &"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/.well-known/jwks.json", show)
        .named("getSigningKeys", "Get the keys that verify access tokens")
        .described(
            "A JWK Set. Keep it for as long as `Cache-Control` says, and ask again when a token names a key that is \
            not in it.",
        )
        .answers(
            Answer::of::<JwkSet>("application/jwk-set+json", StatusCode::OK, "The keys.")
                .with(header::CACHE_CONTROL),
        )
}

pub(crate) async fn show(
    State(context): State<Context>,
    Extension(keyring): Extension<SigningKeyring>,
) -> Result<Response, Problem> {
    let keys = keyring.published(&context).await?.to_string();
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    Ok((headers, keys).into_response())
}
