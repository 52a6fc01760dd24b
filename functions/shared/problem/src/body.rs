//! JSON bodies.

use crate::field::from_serde;
use crate::{FieldError, Problem, Reason};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mcsp_reference::{Describe, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// The largest body that any endpoint reads. Binary goes to object storage, never through a function.
pub const JSON_BODY_MAX_BYTES: usize = 1024 * 1024;

const JSON: &str = "application/json";

/// A JSON body, parsed strictly; as an answer, a JSON body.
///
/// Refuses with 415 `unsupported_media_type`, 413 `body_too_large`, 400 `malformed_json` (not JSON) or 400
/// `invalid_request` (JSON of another shape, with the place in `errors`). Request types are to be marked
/// `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some(JSON) {
            return Err(unsupported());
        }
        parse(&read_body(request).await?).map(Json)
    }
}

/// A whole body of any kind, for extractors of their own. Refuses with [`body_refusals`].
pub async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let body = Limited::new(request.into_body(), JSON_BODY_MAX_BYTES).collect().await;
    Ok(body.map_err(|error| unreadable(&*error))?.to_bytes())
}

/// How a body can't be read: 413 `body_too_large` or 400 `body_unreadable`.
pub fn body_refusals() -> [Problem; 2] {
    [too_large(), broken_off()]
}

/// The media type of a body in lowercase, without parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// A body that may be left out: there is none where no media type is named.
impl<T: DeserializeOwned, S: Send + Sync> axum::extract::OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

impl<T: JsonSchema> Describe for Json<T> {
    fn describe(operation: &mut Operation) {
        operation.take_body::<T>(JSON);
        let shape = misshapen(String::new(), Reason::new("", ""));
        let refusals = body_refusals().into_iter().chain([unsupported(), not_json(), shape]);
        refusals.for_each(|refusal| operation.refuse(refusal));
    }
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> Problem {
    if error.is::<LengthLimitError>() { too_large() } else { broken_off().caused_by(error) }
}

fn unsupported() -> Problem {
    Problem::unsupported_media_type(JSON)
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than 1 MiB")
}

fn broken_off() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "body_unreadable", "the body broke off")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would take an array for a struct, field by field in their order.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| malformed(&error))?;
        return Err(misshapen(String::new(), Reason::new("invalid_value", "expected an object")));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if !error.inner().is_data() {
            return malformed(error.inner());
        }
        let (path, reason) = from_serde(&error);
        misshapen(path.pointer(), reason)
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn misshapen(pointer: String, Reason { code, detail }: Reason) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "the body does not have the shape of this request",
    )
    .with_errors(vec![FieldError { pointer: Some(pointer), parameter: None, code, detail }])
}

fn malformed(error: &serde_json::Error) -> Problem {
    not_json().with_detail(format_args!("at line {} column {}", error.line(), error.column()))
}

fn not_json() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "the body is not JSON (RFC 8259)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
        #[expect(dead_code, reason = "only parsed")]
        parts: Vec<u8>,
    }

    async fn refusal(content_type: &str, body: impl Into<Body>) -> (u16, &'static str, Vec<FieldError>) {
        let request =
            http::Request::post("/").header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        let problem = Json::<Thing>::from_request(request, &()).await.unwrap_err();
        (problem.status().as_u16(), problem.code(), problem.inner.errors)
    }

    fn at(pointer: &str, code: &'static str, detail: &str) -> Vec<FieldError> {
        vec![FieldError { pointer: Some(pointer.into()), parameter: None, code, detail: detail.into() }]
    }

    #[tokio::test]
    async fn each_way_of_being_wrong_has_its_code_and_place() {
        let json = "application/json";
        assert_eq!(refusal("text/plain", "{}").await, (415, "unsupported_media_type", vec![]));
        assert_eq!(refusal(json, "{\"name\":").await, (400, "malformed_json", vec![]));
        assert_eq!(refusal(json, "").await, (400, "malformed_json", vec![]));
        assert_eq!(refusal(json, "{\"name\":\"a\",\"parts\":[]} x").await, (400, "malformed_json", vec![]));
        assert_eq!(
            refusal(json, "{\"name\":\"a\"}").await,
            (400, "invalid_request", at("/parts", "missing_field", "is required"))
        );
        assert_eq!(
            refusal(json, "{\"name\":\"a\",\"size\":1}").await,
            (400, "invalid_request", at("/size", "unknown_field", "is not a field of this request"))
        );
        assert_eq!(
            refusal(json, "{\"name\":\"a\",\"parts\":[1,\"hunter2\"]}").await,
            (400, "invalid_request", at("/parts/1", "invalid_value", "expected u8"))
        );
        assert_eq!(
            refusal(json, "[\"a\",[1]]").await,
            (400, "invalid_request", at("", "invalid_value", "expected an object"))
        );
        assert_eq!(refusal(json, "[1,]").await, (400, "malformed_json", vec![]));
        let large = vec![b' '; JSON_BODY_MAX_BYTES + 1];
        assert_eq!(refusal(json, large).await, (413, "body_too_large", vec![]));
    }
}
