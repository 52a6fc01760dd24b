//! What the platform answered.

use crate::contract::{self, Seen};
use reqwest::header::HeaderMap;
use reqwest::{Request, StatusCode};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request, for messages: `POST /v1/accounts`.
    pub request: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null where it is none.
    pub json: Value,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads an answer, which must be one that the API reference describes.
    pub(crate) async fn read(asked: &Request, response: reqwest::Response) -> Answer {
        let (method, path) = (asked.method().as_str(), asked.url().path());
        let request = format!("{method} {path}");
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            response.bytes().await.unwrap_or_else(|error| panic!("{request}: the body broke off: {error}"));
        let sent = asked.body().and_then(|body| serde_json::from_slice(body.as_bytes()?).ok());
        contract::check(&Seen { method, path, request: sent, status, headers: &headers, body: &body });
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { request, status, headers, json, text }
    }

    /// The body of a success.
    ///
    /// # Panics
    /// When the status is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.json);
        self.json
    }

    /// Checks that the answer is a problem document (RFC 9457) of this status and code.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.request,
            self.json
        );
        let content_type = self.headers.get("content-type").and_then(|v| v.to_str().ok());
        assert_eq!(content_type, Some("application/problem+json"), "{}", self.request);
        assert_eq!(self.json["status"].as_u64(), Some(u64::from(status)), "{}", self.request);
    }

    /// Checks that the answer is an error of OAuth (RFC 6749 section 5.2) of this status and code.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn refused_by_protocol(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json["error"].as_str()),
            (status, Some(error)),
            "{}: {}",
            self.request,
            self.text
        );
        assert!(self.json["error_description"].is_string(), "{}", self.request);
        assert_eq!(self.header("content-type"), "application/json", "{}", self.request);
        assert_eq!(self.header("cache-control"), "no-store", "{}", self.request);
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
