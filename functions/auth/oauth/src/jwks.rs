//! `GET /.well-known/jwks.json`: the keys that verify access tokens (RFC 7517).

use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use mcsp_access::SigningKeys;
use mcsp_function::{Context, MissingVariable};

/// Fresh for five minutes, so that a new key must be published that long before it signs. Whoever cannot reach
/// this goes on verifying for a day.
const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";

/// The JWK Set, serialized once for the life of an instance.
#[derive(Clone, Debug)]
pub(crate) struct PublishedKeys(Bytes);

impl PublishedKeys {
    /// The public halves of the variable `signing_keys`.
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = MissingVariable("signing_keys");
        let keys = SigningKeys::from_json(context.variable(unusable.0)?).map_err(|_| unusable)?;
        Ok(PublishedKeys(keys.public_set().to_string().into()))
    }
}

pub(crate) async fn show(Extension(PublishedKeys(keys)): Extension<PublishedKeys>) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, keys).into_response()
}
