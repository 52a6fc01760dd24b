//! `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: all that a client library
//! needs to know (OpenID Connect Discovery, RFC 8414). Both give the same document.

use auth_domain::GrantType;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use mcsp_access::{Acr, PROOF_ALGORITHMS, Permission};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

const CACHE_CONTROL: &str = "public, max-age=3600";

/// The document, serialized once for the life of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Metadata(Bytes);

impl Metadata {
    pub(crate) fn new(issuer: &str) -> Self {
        // Strings and booleans only: serialization has nothing to fail at.
        Metadata(serde_json::to_vec(&document(issuer)).unwrap_or_default().into())
    }
}

/// What the authorization server is, and can (RFC 8414, section 2).
#[derive(Serialize, JsonSchema)]
struct ServerMetadata {
    /// Who issues the tokens: their `iss`.
    #[schemars(example = &"https://auth.example.com")]
    issuer: String,
    /// Where people let clients act for them.
    #[schemars(example = &"https://auth.example.com/oauth/authorize")]
    authorization_endpoint: String,
    /// Where tokens are given.
    #[schemars(example = &"https://auth.example.com/oauth/token")]
    token_endpoint: String,
    /// Where is told whether a token is good (RFC 7662).
    #[schemars(example = &"https://auth.example.com/oauth/introspect")]
    introspection_endpoint: String,
    /// Where tokens are given back (RFC 7009).
    #[schemars(example = &"https://auth.example.com/oauth/revoke")]
    revocation_endpoint: String,
    /// Where is told who a person is (OpenID Connect).
    #[schemars(example = &"https://auth.example.com/oauth/userinfo")]
    userinfo_endpoint: String,
    /// Where devices ask to be let in (RFC 8628).
    #[schemars(example = &"https://auth.example.com/oauth/device_authorization")]
    device_authorization_endpoint: String,
    /// Where clients may say beforehand what they want (RFC 9126).
    #[schemars(example = &"https://auth.example.com/oauth/par")]
    pushed_authorization_request_endpoint: String,
    /// Where the keys are that verify tokens.
    #[schemars(example = &"https://auth.example.com/.well-known/jwks.json")]
    jwks_uri: String,
    /// What clients may ask for.
    #[schemars(example = ["openid", "playback.start"])]
    scopes_supported: Vec<&'static str>,
    /// What the authorization endpoint gives.
    #[schemars(example = ["code"])]
    response_types_supported: [&'static str; 1],
    /// How it gives that.
    #[schemars(example = ["query"])]
    response_modes_supported: [&'static str; 1],
    /// How clients may get tokens.
    #[schemars(example = GrantType::ALL.map(GrantType::as_str))]
    grant_types_supported: [&'static str; 4],
    /// How codes are bound to who asked for them (RFC 7636).
    #[schemars(example = ["S256"])]
    code_challenge_methods_supported: [&'static str; 1],
    /// Whether the answer names its issuer (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
    /// How clients authenticate at the token endpoint.
    #[schemars(example = ["client_secret_basic", "client_secret_post", "none"])]
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// How they do where tokens are given back.
    #[schemars(example = ["client_secret_basic", "client_secret_post", "none"])]
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    /// How they do where is told whether a token is good.
    #[schemars(example = ["client_secret_basic", "client_secret_post"])]
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Whether a person is the same to all clients.
    #[schemars(example = ["public"])]
    subject_types_supported: [&'static str; 1],
    /// How ID tokens are signed.
    #[schemars(example = ["EdDSA"])]
    id_token_signing_alg_values_supported: [&'static str; 1],
    /// By how many factors people can be known (RFC 9470).
    #[schemars(example = Acr::ALL.map(Acr::as_str))]
    acr_values_supported: [&'static str; 2],
    /// What a client may have a person asked, whatever is known.
    #[schemars(example = ["none", "login", "consent"])]
    prompt_values_supported: [&'static str; 3],
    /// What ID tokens and the userinfo endpoint tell.
    #[schemars(example = CLAIMS)]
    claims_supported: [&'static str; 12],
    /// How proofs may be signed of the keys that tokens are bound to (RFC 9449).
    #[schemars(example = PROOF_ALGORITHMS)]
    dpop_signing_alg_values_supported: [&'static str; 2],
    /// Whether clients are told of sessions that end (OpenID Connect Back-Channel Logout).
    backchannel_logout_supported: bool,
    /// Whether they are told which session it is: the `sid` of the ID token.
    backchannel_logout_session_supported: bool,
    /// Whether requests may be signed. They may not.
    request_parameter_supported: bool,
    /// Whether requests may stand elsewhere. They may not.
    request_uri_parameter_supported: bool,
    /// Whether all clients have to push their requests. They have not.
    require_pushed_authorization_requests: bool,
    /// Whether single claims may be asked for. They may not.
    claims_parameter_supported: bool,
}

const CLAIMS: [&str; 12] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "email", "email_verified"];

pub(crate) fn reference() -> [Operation; 2] {
    let both = [
        Operation::get("/.well-known/openid-configuration", show)
            .named("getOpenIdConfiguration", "Get what a client library needs to know"),
        Operation::get("/.well-known/oauth-authorization-server", show)
            .named("getServerMetadata", "Get the same, as OAuth has it"),
    ];
    both.map(|operation| {
        operation
            .described(
                "The metadata of the authorization server: OpenID Connect Discovery and RFC 8414, which are the same \
                document here. Client libraries configure themselves by it.",
            )
            .answers(
                Answer::json::<ServerMetadata>(StatusCode::OK, "The metadata.").with(header::CACHE_CONTROL),
            )
    })
}

pub(crate) async fn show(Extension(Metadata(document)): Extension<Metadata>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, document).into_response()
}

fn document(issuer: &str) -> ServerMetadata {
    let at = |path: &str| format!("{issuer}{path}");
    let openid = ["openid", "profile", "email", "offline_access"];
    let scopes = openid.into_iter().chain(Permission::ALL.iter().map(|permission| permission.as_str()));
    ServerMetadata {
        issuer: issuer.to_owned(),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        introspection_endpoint: at("/oauth/introspect"),
        revocation_endpoint: at("/oauth/revoke"),
        userinfo_endpoint: at("/oauth/userinfo"),
        device_authorization_endpoint: at("/oauth/device_authorization"),
        pushed_authorization_request_endpoint: at("/oauth/par"),
        jwks_uri: at("/.well-known/jwks.json"),
        scopes_supported: scopes.collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GrantType::ALL.map(GrantType::as_str),
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        revocation_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["EdDSA"],
        acr_values_supported: Acr::ALL.map(Acr::as_str),
        prompt_values_supported: ["none", "login", "consent"],
        claims_supported: CLAIMS,
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        require_pushed_authorization_requests: false,
        claims_parameter_supported: false,
    }
}
