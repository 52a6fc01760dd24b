//! What gRPC asks of a host (gRPC over HTTP/2): how long a caller waits stands in `grpc-timeout`, and how a call ended in
//! `grpc-status`, whatever the status of HTTP.

use crate::body::Body;
use crate::problem::Problem;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use std::time::Duration;
use tokio::time::Instant;

const GRPC: &str = "application/grpc";
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// Digits of a timeout.
const DIGITS_MAX: usize = 8;

/// The codes by their numbers, with the status of HTTP that each stands for (`google/rpc/code.proto`).
const CODES: [(&str, u16); 17] = [
    ("OK", 200),
    ("CANCELLED", 499),
    ("UNKNOWN", 500),
    ("INVALID_ARGUMENT", 400),
    ("DEADLINE_EXCEEDED", 504),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("PERMISSION_DENIED", 403),
    ("RESOURCE_EXHAUSTED", 429),
    ("FAILED_PRECONDITION", 400),
    ("ABORTED", 409),
    ("OUT_OF_RANGE", 400),
    ("UNIMPLEMENTED", 501),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("DATA_LOSS", 500),
    ("UNAUTHENTICATED", 401),
];

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(usize);

impl Status {
    /// How many there are.
    pub(crate) const COUNT: usize = CODES.len();
    const UNKNOWN: Status = Status(2);
    const INVALID_ARGUMENT: Status = Status(3);
    const DEADLINE_EXCEEDED: Status = Status(4);
    const INTERNAL: Status = Status(13);
    const UNAVAILABLE: Status = Status(14);

    /// All of them, by their numbers.
    pub(crate) fn all() -> impl Iterator<Item = Status> {
        (0..Self::COUNT).map(Status)
    }

    /// How an answer of gRPC ended: in its trailers, or where no message came in its headers. None for answers of HTTP. What
    /// is no number of a code, or missing, is `UNKNOWN` to clients too.
    pub(crate) fn of(answer: &Response<Body>) -> Option<Self> {
        if !is_grpc(answer.headers()) {
            return None;
        }
        let told = answer.body().trailers().and_then(|trailers| trailers.get(STATUS));
        let told = told.or_else(|| answer.headers().get(STATUS));
        let number = told.and_then(|told| told.to_str().ok()?.parse().ok());
        Some(number.filter(|number| *number < Self::COUNT).map_or(Self::UNKNOWN, Status))
    }

    /// `NOT_FOUND`
    pub(crate) fn name(self) -> &'static str {
        CODES.get(self.0).map_or("UNKNOWN", |(name, _)| name)
    }

    /// Its number.
    pub(crate) fn number(self) -> usize {
        self.0
    }

    /// The status of HTTP that says the same.
    pub(crate) fn as_http(self) -> StatusCode {
        let (_, status) = CODES.get(self.0).copied().unwrap_or_default();
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Whether it is a call of a method of gRPC: a request says so of itself, and its path is one.
pub(crate) fn asks<B>(request: &Request<B>) -> bool {
    is_grpc(request.headers()) && mcsp_manifest::is_grpc(request.uri().path())
}

/// Until when the caller of a method waits: `Ok(None)` where it does not say, and for requests of HTTP, which whoever sends them can't
/// have end in time and be counted so.
pub(crate) fn until<B>(request: &Request<B>) -> Result<Option<Instant>, Malformed> {
    let Some(timeout) = request.headers().get(TIMEOUT).filter(|_| asks(request)) else { return Ok(None) };
    let timeout = timeout.to_str().ok().and_then(parse).ok_or(Malformed)?;
    // One that is too far away is none.
    Ok(Instant::now().checked_add(timeout))
}

/// A timeout that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Malformed {
    pub(crate) fn response(self) -> Response<Body> {
        refusal(Status::INVALID_ARGUMENT, "grpc-timeout is malformed")
    }
}

/// What a caller is told whose time is over.
pub(crate) fn too_late() -> Response<Body> {
    refusal(Status::DEADLINE_EXCEEDED, "the call took longer than its caller waits")
}

/// What is answered in a function's place to who has asked so: a status to gRPC, a problem document to others.
pub(crate) fn or_http(asks_grpc: bool, problem: Problem) -> Response<Body> {
    let response = problem.response();
    if !asks_grpc {
        return response.map(Body::whole);
    }
    match response.status() {
        StatusCode::GATEWAY_TIMEOUT => refusal(Status::DEADLINE_EXCEEDED, problem.title()),
        StatusCode::SERVICE_UNAVAILABLE => refusal(Status::UNAVAILABLE, problem.title()),
        _ => refusal(Status::INTERNAL, problem.title()),
    }
}

/// Whether a request or an answer is one of gRPC, and not of a protocol that is named after it.
fn is_grpc(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let rest = media_type.and_then(|media_type| media_type.strip_prefix(GRPC));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// An answer of headers alone.
fn refusal(status: Status, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::whole(Bytes::new()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert(STATUS, HeaderValue::from(status.0));
    headers.insert(MESSAGE, HeaderValue::from_static(message));
    response
}

/// `250m`: digits, and their unit.
fn parse(timeout: &str) -> Option<Duration> {
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let is_number =
        !digits.is_empty() && digits.len() <= DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number)?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full};
    use std::slice::from_ref;

    #[test]
    fn a_timeout_is_digits_and_their_unit() {
        for (text, expected) in [
            ("1H", Duration::from_secs(3_600)),
            ("2M", Duration::from_secs(120)),
            ("0S", Duration::ZERO),
            ("250m", Duration::from_millis(250)),
            ("99999999u", Duration::from_micros(99_999_999)),
            ("1n", Duration::from_nanos(1)),
            ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for bad in ["", "m", "1", "1s", "1 m", "+1m", "-1m", "1.5S", "123456789m", "1mm", "1\u{b5}", "m1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_callers_of_methods_have_a_deadline() {
        const METHOD: &str = "/content.v1.Catalog/Get";
        let until = |path: &str, media_type: &str, timeout: &str| {
            let request = Request::post(path).header(CONTENT_TYPE, media_type).header(TIMEOUT, timeout);
            until(&request.body(()).unwrap())
        };
        let deadline = until(METHOD, "application/grpc+proto", "1H").unwrap().unwrap();
        assert!(deadline > Instant::now() + Duration::from_secs(3_000));
        assert_eq!(until(METHOD, "application/grpc", "soon"), Err(Malformed));
        assert_eq!(until(METHOD, "application/json", "soon"), Ok(None));
        assert_eq!(until(METHOD, "application/grpc-web", "1S"), Ok(None));
        assert_eq!(until("/v1/search", "application/grpc", "1n"), Ok(None));
        assert_eq!(super::until(&Request::post(METHOD).body(()).unwrap()), Ok(None));
    }

    async fn ended(headers: &[(HeaderName, &'static str)], trailer: Option<&'static str>) -> Option<Status> {
        let trailers =
            trailer.map(|status| Ok(HeaderMap::from_iter([(STATUS, HeaderValue::from_static(status))])));
        let body = Full::new(Bytes::from_static(b"message")).with_trailers(async { trailers });
        let mut answer = Response::new(Body::collected(body.collect().await.unwrap()));
        for (name, value) in headers {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        Status::of(&answer)
    }

    #[tokio::test]
    async fn how_a_call_ended_stands_in_its_trailers_or_where_there_are_none_in_its_headers() {
        let grpc = (CONTENT_TYPE, "application/grpc");
        let name = |status: Option<Status>| status.map(Status::name);
        assert_eq!(name(ended(from_ref(&grpc), Some("0")).await), Some("OK"));
        assert_eq!(name(ended(from_ref(&grpc), Some("16")).await), Some("UNAUTHENTICATED"));
        assert_eq!(name(ended(&[grpc.clone(), (STATUS, "5")], None).await), Some("NOT_FOUND"));
        for strange in [Some("17"), Some("-1"), Some("ok"), None] {
            assert_eq!(name(ended(from_ref(&grpc), strange).await), Some("UNKNOWN"), "{strange:?}");
        }
        assert_eq!(ended(&[(CONTENT_TYPE, "application/json"), (STATUS, "5")], Some("5")).await, None);
    }

    #[test]
    fn what_the_runner_answers_is_told_each_caller_in_its_own_words() {
        for (problem, status, http) in [
            (Problem::FunctionTimeout, Status::DEADLINE_EXCEEDED, 504),
            (Problem::Overloaded, Status::UNAVAILABLE, 503),
            (Problem::FunctionFailed, Status::INTERNAL, 500),
        ] {
            let told = or_http(true, problem);
            assert_eq!((told.status(), Status::of(&told)), (StatusCode::OK, Some(status)));
            assert_eq!(status.as_http(), http);
            let told = or_http(false, problem);
            assert_eq!((told.status().as_u16(), Status::of(&told)), (http, None));
        }
        assert_eq!(Status::of(&Malformed.response()), Some(Status::INVALID_ARGUMENT));
        assert_eq!(Status::of(&too_late()), Some(Status::DEADLINE_EXCEEDED));
    }
}
