//! Files of WebVTT, as players load them.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mcsp_etag::ETag;
use mcsp_reference::Answer;
use schemars::JsonSchema;

/// The media type, which the W3C has registered.
pub(crate) const WEBVTT: &str = "text/vtt";
/// The same with the encoding, which is always this one.
const WEBVTT_UTF8: HeaderValue = HeaderValue::from_static("text/vtt;charset=utf-8");

/// A file of WebVTT.
#[derive(JsonSchema)]
#[schemars(rename = "WebvttFile", example = &"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nIt rains.\n")]
#[expect(dead_code, reason = "only described")]
pub(crate) struct File(String);

pub(crate) fn described(text: &'static str) -> Answer {
    Answer::of::<File>(WEBVTT, StatusCode::OK, text).with(header::ETAG)
}

/// People have written it: nobody is to take it for anything else.
pub(crate) fn answer(version: i64, file: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, WEBVTT_UTF8),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, [(header::ETAG, ETag(version).to_string())], file).into_response()
}
