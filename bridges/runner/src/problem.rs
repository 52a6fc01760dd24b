//! The runner's own answers: problem documents (RFC 9457) with a stable code.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

/// Why the runner answers in a function's place. Nothing of the function's inside is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    NotFound,
    /// With what is allowed instead.
    MethodNotAllowed(&'static str),
    PayloadTooLarge,
    RequestTimeout,
    BadRequest,
    FunctionFailed,
    FunctionUnavailable,
    FunctionTimeout,
    Overloaded,
    Starting,
    Stopping,
}

/// Seconds after which a refused request is worth repeating.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

impl Problem {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Problem::NotFound => (StatusCode::NOT_FOUND, "not_found", "there is nothing at this path"),
            Problem::MethodNotAllowed(_) => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this method is not served")
            }
            Problem::PayloadTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than 1 MiB")
            }
            Problem::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body did not arrive in time")
            }
            Problem::BadRequest => (StatusCode::BAD_REQUEST, "bad_request", "the body is broken"),
            Problem::FunctionFailed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "function_failed", "the function failed")
            }
            Problem::FunctionUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "function_unavailable", "the function could not be started")
            }
            Problem::FunctionTimeout => {
                (StatusCode::GATEWAY_TIMEOUT, "function_timeout", "the function did not answer in time")
            }
            Problem::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too much is going on right now")
            }
            Problem::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting", "the server is not ready yet"),
            Problem::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping"),
        }
    }

    /// What it is, for people.
    pub(crate) fn title(self) -> &'static str {
        let (_, _, title) = self.parts();
        title
    }

    pub(crate) fn response(self) -> Response<Bytes> {
        let (status, code, title) = self.parts();
        let document = format!(
            r#"{{"type":"urn:mcsp:problem:{code}","title":"{title}","status":{},"code":"{code}"}}"#,
            status.as_u16()
        );
        let mut response = Response::new(Bytes::from(document));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Problem::MethodNotAllowed(methods) = self {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_is_not_served_is_answered_with_those_that_are() {
        assert_eq!(Problem::MethodNotAllowed("GET").response().headers()[ALLOW], "GET");
    }

    #[test]
    fn a_problem_is_json_with_its_status_and_code() {
        let response = Problem::Overloaded.response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        let document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(document["status"], 503);
        assert_eq!(document["code"], "overloaded");
    }
}
