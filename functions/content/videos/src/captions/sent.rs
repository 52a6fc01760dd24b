//! Captions, as they are sent.

use crate::webvtt::{File, WEBVTT};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use content_domain::Captions;
use mcsp_problem::{Invalid, Problem, Reason, body_refusals, media_type, read_body};
use mcsp_reference::{Describe, Operation};
use schemars::JsonSchema;

/// The media type of SubRip, by which it is known: nobody has registered one.
const SUBRIP: &str = "application/x-subrip";
/// What is taken.
const EITHER: &str = "text/vtt or application/x-subrip";

/// A file of SubRip.
#[derive(JsonSchema)]
#[schemars(example = &"1\n00:00:01,000 --> 00:00:02,500\nIt rains.\n")]
#[expect(dead_code, reason = "only described")]
struct SubripFile(String);

/// A file of captions, which is looked at once it is known that its sender may send it.
pub(crate) struct Sent {
    media_type: Option<String>,
    file: Bytes,
}

impl Sent {
    /// 415 `unsupported_media_type`, or 422 `validation_failed` with what is wrong with the file, and in which line.
    pub(super) fn parse(&self) -> Result<Captions, Problem> {
        let captions = match self.media_type.as_deref() {
            Some(WEBVTT) => Captions::from_webvtt(&self.file),
            Some(SUBRIP) => Captions::from_subrip(&self.file),
            _ => return Err(Problem::unsupported_media_type(EITHER)),
        };
        captions.map_err(|error| Invalid::problem_at("", Reason::new(error.code(), error.to_string())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = media_type(request.headers());
        Ok(Sent { media_type, file: read_body(request).await? })
    }
}

impl Describe for Sent {
    fn describe(operation: &mut Operation) {
        operation.take_body::<File>(WEBVTT);
        operation.or_body::<SubripFile>(SUBRIP);
        operation.refuse(Problem::unsupported_media_type(EITHER));
        body_refusals().into_iter().for_each(|refusal| operation.refuse(refusal));
    }
}
