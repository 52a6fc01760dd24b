//! `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: all that a client library
//! needs to know (OpenID Connect Discovery, RFC 8414). Both give the same document.

use auth_domain::GrantType;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use mcsp_access::{Acr, Permission};
use serde_json::{Value, json};

const CACHE_CONTROL: &str = "public, max-age=3600";

/// The document, serialized once for the life of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Metadata(Bytes);

impl Metadata {
    pub(crate) fn new(issuer: &str) -> Self {
        Metadata(document(issuer).to_string().into())
    }
}

pub(crate) async fn show(Extension(Metadata(document)): Extension<Metadata>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, document).into_response()
}

fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let client_authentication = ["client_secret_basic", "client_secret_post", "none"];
    let with_secret = ["client_secret_basic", "client_secret_post"];
    let openid = ["openid", "profile", "email", "offline_access"];
    let scopes: Vec<&str> =
        openid.into_iter().chain(Permission::ALL.iter().map(|permission| permission.as_str())).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "device_authorization_endpoint": at("/oauth/device_authorization"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_methods_supported": client_authentication,
        "introspection_endpoint_auth_methods_supported": with_secret,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "acr_values_supported": Acr::ALL.map(Acr::as_str),
        "prompt_values_supported": ["none", "login", "consent"],
        "claims_supported":
            ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "email", "email_verified"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_pushed_authorization_requests": false,
        "claims_parameter_supported": false,
    })
}
