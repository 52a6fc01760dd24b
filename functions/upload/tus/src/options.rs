//! `OPTIONS /v1/tus`: what of tus is there.

use crate::checksum::Algorithm;
use crate::protocol::{TUS_CHECKSUM_ALGORITHM, TUS_EXTENSION, TUS_MAX_SIZE, TUS_VERSION, VERSION};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use mcsp_reference::{Answer, Operation};
use upload_domain::LEAST_PARTS_MAX_BYTES;

const EXTENSIONS: HeaderValue = HeaderValue::from_static("creation,checksum,expiration,termination");

pub(crate) fn reference() -> Operation {
    Operation::options("/v1/tus", options)
        .named("getTusOptions", "Show what of tus is there")
        .described("The versions, the extensions, and the largest file.")
        .answers(
            Answer::empty(StatusCode::NO_CONTENT, "What is there.")
                .with(TUS_VERSION)
                .with(TUS_EXTENSION)
                .with(TUS_MAX_SIZE)
                .with(TUS_CHECKSUM_ALGORITHM),
        )
}

pub(crate) async fn options() -> Response {
    let headers = [
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, EXTENSIONS),
        (TUS_MAX_SIZE, HeaderValue::from(LEAST_PARTS_MAX_BYTES)),
        (TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(Algorithm::NAMES)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
