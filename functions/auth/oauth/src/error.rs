//! Errors as the protocol has them (RFC 6749 section 5.2): every client library reads these two fields, and none
//! reads a problem document.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mcsp_bridge_api::Failure;
use mcsp_problem::{Cause, Problem};
use mcsp_reference::Refusal;
use schemars::JsonSchema;
use serde::Serialize;

/// An error of a protocol route.
#[derive(Clone, Debug)]
pub(crate) struct OAuthError {
    status: StatusCode,
    code: &'static str,
    description: &'static str,
    // Boxed, since most errors have none.
    headers: Box<HeaderMap>,
    cause: Option<Cause>,
}

/// Why a request of the protocol was refused or failed (RFC 6749, section 5.2).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OAuthError")]
struct Document {
    /// The protocol's code: what a program is to go by.
    #[schemars(example = &"invalid_request")]
    error: &'static str,
    /// For people: what is particular about this occurrence.
    #[schemars(example = &"grant_type is required")]
    error_description: &'static str,
}

impl OAuthError {
    pub(crate) fn new(code: &'static str, description: &'static str) -> Self {
        let headers = Box::default();
        OAuthError { status: StatusCode::BAD_REQUEST, code, description, headers, cause: None }
    }

    pub(crate) fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(crate) fn invalid_scope() -> Self {
        Self::new("invalid_scope", "the scope is unknown, or more than the client may ask for")
    }

    /// RFC 9449 section 5.
    pub(crate) fn invalid_dpop_proof(description: &'static str) -> Self {
        Self::new("invalid_dpop_proof", description)
    }

    pub(crate) fn unauthorized_client() -> Self {
        Self::new("unauthorized_client", "the client is not registered for this grant")
    }

    /// 401: the client is unknown, or did not prove that it is itself.
    pub(crate) fn invalid_client() -> Self {
        let mut error = Self::new("invalid_client", "the client is unknown, or did not authenticate");
        error.status = StatusCode::UNAUTHORIZED;
        let challenge = HeaderValue::from_static("Basic realm=\"mcsp\"");
        error.headers.insert(header::WWW_AUTHENTICATE, challenge);
        error
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Whether it may be the answer to a guess.
    pub(crate) fn is_refusal_of_a_secret(&self) -> bool {
        matches!(self.code, "invalid_client" | "invalid_grant")
    }
}

impl From<Problem> for OAuthError {
    /// What is no fault of the request keeps its status, its `Retry-After` and its cause for the log.
    fn from(problem: Problem) -> Self {
        let (parts, _) = problem.into_response().into_parts();
        let (code, description) = match parts.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                ("temporarily_unavailable", "this cannot be answered now: try again later")
            }
            StatusCode::CONFLICT => {
                ("temporarily_unavailable", "something else changed this at the same time")
            }
            _ => ("server_error", "the request failed on our side"),
        };
        let mut headers = Box::new(parts.headers);
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        let cause = parts.extensions.get::<Cause>().cloned();
        OAuthError { status: parts.status, code, description, headers, cause }
    }
}

/// How any route of the protocol may fail, for the API reference.
pub(crate) fn failures() -> [OAuthError; 3] {
    let down = Problem::from(Failure::Unreachable);
    let late = Problem::from(Failure::DeadlineExceeded);
    [down, late, Problem::internal(&std::fmt::Error)].map(OAuthError::from)
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        let headers = std::iter::once(header::CACHE_CONTROL).chain(error.headers.keys().cloned()).collect();
        let (status, code) = (error.status, error.code);
        Refusal { status, code, title: meaning(code), headers, document: None }
            .told_by::<Document>("application/json", ("error", "error_description"))
    }
}

/// What a code means, whatever is particular about an occurrence.
fn meaning(code: &'static str) -> &'static str {
    match code {
        "invalid_request" => "the request is malformed, or something is missing in it",
        "invalid_client" => "the client is unknown, or did not authenticate",
        "invalid_grant" => "what was to be exchanged is wrong, was used, has expired, or is another client's",
        "invalid_scope" => "the scope is unknown, or more than the client may ask for",
        "invalid_dpop_proof" => "the proof of the client's key is wrong, or was used before",
        "unauthorized_client" => "the client may not do this",
        "unsupported_grant_type" => "there is no such grant here",
        "authorization_pending" => "nobody has decided yet: ask again after `interval`",
        "slow_down" => "asked too soon: wait five seconds more each time",
        "unsupported_response_type" => "`response_type` must be `code`",
        "request_not_supported" => "request objects are not supported",
        "access_denied" => "the person refused",
        "expired_token" => "the device code has expired",
        "temporarily_unavailable" => "this cannot be answered now: try again later",
        _ => "the request failed on our side",
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let document = Document { error: self.code, error_description: self.description };
        // Two strings: serialization has nothing to fail at.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (self.status, headers, body).into_response();
        response.headers_mut().extend(*self.headers);
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
