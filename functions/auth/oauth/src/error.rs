//! Errors as the protocol has them (RFC 6749 section 5.2): every client library reads these two fields, and none
//! reads a problem document.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mcsp_problem::{Cause, Problem};
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

#[derive(Serialize)]
struct Document {
    error: &'static str,
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
