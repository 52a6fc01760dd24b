//! The headers of tus, and how it refuses.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use schemars::JsonSchema;
use std::convert::Infallible;
use upload_domain::{Refused, Upload};
use upload_lifecycle::refused;

/// The only version.
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
/// The media type of a chunk.
pub(crate) const CHUNK: &str = "application/offset+octet-stream";

pub(crate) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(crate) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(crate) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(crate) const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(crate) const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(crate) const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(crate) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(crate) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(crate) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// A request of tus: its headers. Whoever takes it checks the version, once it is known that the caller may ask at all.
pub(crate) struct Tus(HeaderMap);

/// The bytes of a chunk, as they arrive.
pub(crate) struct Contents(pub(crate) Body);

/// Bytes of the file, from `Upload-Offset` on.
#[derive(JsonSchema)]
#[schemars(rename = "TusChunk", extend("format" = "binary"))]
#[expect(dead_code, reason = "only described")]
struct Chunk(String);

impl Tus {
    /// 412 `unsupported_tus_version` for a client that speaks another version, or does not say which.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.0.get(TUS_RESUMABLE) == Some(&VERSION) { Ok(()) } else { Err(unsupported_version()) }
    }

    /// A header's text; 400 `invalid_tus_header` where it is none.
    pub(crate) fn text(&self, name: &HeaderName) -> Result<Option<&str>, Problem> {
        self.0.get(name).map(|value| value.to_str().map_err(|_| malformed(name))).transpose()
    }

    /// A header's number, which must be there.
    pub(crate) fn number(&self, name: &HeaderName) -> Result<u64, Problem> {
        self.optional_number(name)?.ok_or_else(|| malformed(name))
    }

    /// A header's number.
    pub(crate) fn optional_number(&self, name: &HeaderName) -> Result<Option<u64>, Problem> {
        let number = |text: &str| {
            let is_number = text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|_| is_number).ok_or_else(|| malformed(name))
        };
        self.text(name)?.map(number).transpose()
    }
}

impl<S: Sync> FromRequestParts<S> for Tus {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Tus(parts.headers.clone()))
    }
}

impl Describe for Tus {
    fn describe(operation: &mut Operation) {
        operation.take_header(TUS_RESUMABLE, true);
        operation.refuse(unsupported_version());
        operation.refuse(malformed(&UPLOAD_OFFSET));
    }
}

impl<S: Sync> FromRequest<S> for Contents {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Contents(request.into_body()))
    }
}

impl Describe for Contents {
    fn describe(operation: &mut Operation) {
        operation.take_body::<Chunk>(CHUNK);
    }
}

/// Every answer says which version it speaks.
pub(crate) async fn resumable(mut response: Response) -> Response {
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response
}

/// The time as `Upload-Expires` has it.
pub(crate) fn expires(upload: &Upload) -> String {
    // Within the years that HTTP can tell.
    DateTimePrinter::new().timestamp_to_rfc9110_string(&upload.expires_at).unwrap_or_default()
}

/// 400 `invalid_tus_header`.
pub(crate) fn malformed(name: &HeaderName) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_tus_header",
        "a header of tus is missing, or does not hold what it must",
    )
    .with_detail(name)
}

/// Of an upload that came to nothing there is nothing left: 410, where others say 409.
pub(crate) fn closed(closed: Refused) -> Problem {
    let status = match &closed {
        Refused::Cancelled | Refused::Expired | Refused::Mismatched(_) | Refused::Unfetched(_) => {
            Some(StatusCode::GONE)
        }
        Refused::Completed | Refused::NoParts | Refused::NotCompleted | Refused::Settled => None,
    };
    let problem = refused(closed);
    match status {
        Some(status) => problem.with_status(status),
        None => problem,
    }
}

fn unsupported_version() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "unsupported_tus_version",
        "this speaks tus 1.0.0, and wants to be told so in Tus-Resumable",
    )
    .with_header(TUS_VERSION, VERSION)
}
