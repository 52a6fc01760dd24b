//! Problem documents (RFC 9457), and extractors that refuse with one.
//!
//! Every answer of the platform that is not a success is a [`Problem`]: a status, a stable machine `code`,
//! and for bad input one entry in `errors` for each bad field. What the log needs travels beside it in
//! [`Cause`] and never reaches the caller.

mod body;
mod failure;
mod field;
mod path;
mod query;

pub use body::{JSON_BODY_MAX_BYTES, Json, body_refusals, media_type, read_body};
pub use field::{FieldError, Invalid, Reason};
pub use path::Path;
pub use query::Query;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use mcsp_reference::Refusal;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

/// A refusal or a failure, as the caller sees it.
///
/// Shape on the wire: `{"type": "urn:mcsp:problem:<code>", "title": …, "status": …, "code": …}`, with
/// `detail` and `errors` where there is more to say.
#[derive(Clone, Debug)]
pub struct Problem {
    // Boxed, since it is the error of nearly every function and success should stay small.
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, serde_json::Value)>,
    headers: HeaderMap,
    cause: Option<Cause>,
}

/// Why a request failed, for the log: an error and its chain of sources. It stands in the extensions of the
/// response, where whoever serves the function finds it.
#[derive(Clone, Debug)]
pub struct Cause(pub Arc<str>);

/// Why a request was refused or failed (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Document<'a> {
    /// Names the kind of problem, as `code` does.
    #[schemars(example = &"urn:mcsp:problem:not_found")]
    r#type: String,
    /// For people: one sentence, the same for each problem of this kind.
    #[schemars(example = &"there is nothing here that you can see")]
    title: &'a str,
    /// The HTTP status.
    #[schemars(example = 404, range(min = 400, max = 599))]
    status: u16,
    /// Stable machine code: what a program is to go by.
    #[schemars(example = &"not_found")]
    code: &'a str,
    /// For people: what is particular about this occurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"needs the permission content.edit")]
    detail: Option<&'a str>,
    /// Each bad field, where the request has some.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    #[schemars(skip)]
    members: BTreeMap<&'static str, serde_json::Value>,
}

impl JsonSchema for Problem {
    fn inline_schema() -> bool {
        Document::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Document::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Document::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Document::json_schema(generator)
    }
}

/// A problem that an operation may answer with, for the API reference.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let Inner { status, code, title, headers, .. } = *problem.inner;
        Refusal { status, code, title, headers: headers.keys().cloned().collect(), document: None }
    }
}

impl Problem {
    /// A problem with its stable code (`snake_case`) and a title: one sentence for people that never varies.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let inner = Inner {
            status,
            code,
            title,
            detail: None,
            errors: Vec::new(),
            members: Vec::new(),
            headers: HeaderMap::new(),
            cause: None,
        };
        Problem { inner: Box::new(inner) }
    }

    /// 404: nothing here, or nothing that the caller may know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here that you can see")
    }

    /// 405, for a known path.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this resource does not take this method",
        )
    }

    /// 415, with the media types that are taken.
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body is of a media type that is not taken here",
        )
        .with_detail(format_args!("must be {expected}"))
    }

    /// 500: our mistake, told to the log and not to the caller.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "the request failed on our side")
            .caused_by(cause)
    }

    /// The same with another status, where a protocol wants one.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.inner.status = status;
        self
    }

    /// What is particular about this occurrence, for the caller.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Display) -> Self {
        self.inner.detail = Some(detail.to_string());
        self
    }

    /// Adds the bad fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.inner.errors = errors;
        self
    }

    /// Adds a member of its own (RFC 9457 section 3.2): what the caller needs to go on.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.inner.members.push((name, value.into()));
        self
    }

    /// Adds a header, such as `WWW-Authenticate`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.inner.headers.append(name, value);
        self
    }

    /// Adds `Retry-After`, in seconds and at least 1.
    #[must_use]
    pub fn retry_after_s(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// Keeps the error and its sources for the log.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        self.inner.cause = Some(Cause(mcsp_causes::in_one_line(error).into()));
        self
    }

    /// The stable machine code.
    pub fn code(&self) -> &'static str {
        self.inner.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }

    /// For people: the title, and what is particular about this occurrence.
    pub fn text(&self) -> String {
        match &self.inner.detail {
            Some(detail) => format!("{}: {detail}", self.inner.title),
            None => self.inner.title.to_owned(),
        }
    }

    /// Each bad field.
    pub fn errors(&self) -> &[FieldError] {
        &self.inner.errors
    }

    /// A header, such as `Retry-After`.
    pub fn header(&self, name: HeaderName) -> Option<&HeaderValue> {
        self.inner.headers.get(name)
    }

    /// What the log needs.
    pub fn cause(&self) -> Option<&Cause> {
        self.inner.cause.as_ref()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner { status, code, title, detail, errors, members, headers, cause } = *self.inner;
        let document = Document {
            r#type: format!("urn:mcsp:problem:{code}"),
            title,
            status: status.as_u16(),
            code,
            detail: detail.as_deref(),
            errors: &errors,
            members: members.into_iter().collect(),
        };
        // Strings and numbers only: serialization has nothing to fail at.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        response.headers_mut().extend(headers);
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Inner);
    #[derive(Debug, thiserror::Error)]
    #[error("secret detail")]
    struct Inner;

    #[tokio::test]
    async fn the_cause_reaches_the_log_and_not_the_caller() {
        let response = Problem::internal(&Outer(Inner)).into_response();
        assert_eq!(response.extensions().get::<Cause>().unwrap().0.as_ref(), "outer: secret detail");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "urn:mcsp:problem:internal_error",
                "title": "the request failed on our side",
                "status": 500,
                "code": "internal_error",
            })
        );
    }
}
