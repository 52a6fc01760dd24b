//! `HEAD /v1/tus/{id}`, and GET: how much of a file is there.
//!
//! An upload of which all is there and that was not completed is completed: the request that sent the last byte did not get so
//! far.

use crate::metadata;
use crate::open::open;
use crate::protocol::{Tus, UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET, closed, expires};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::TraceParent;
use mcsp_ids::UploadId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::{Uploads, unavailable};
use upload_domain::{Mismatch, Refused, SourceFault, Upload};
use upload_lifecycle::{Uploader, complete, refusals_to_complete};
use upload_storage::owned;
use upload_writing::Standing;

/// How an upload is gone, for the API reference.
pub(crate) fn refusals() -> impl IntoIterator<Item = Problem> {
    [
        Refused::Cancelled,
        Refused::Expired,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ]
    .into_iter()
    .chain(SourceFault::ALL.map(Refused::Unfetched))
    .map(closed)
    .chain(refusals_to_complete())
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/tus/{id}", show)
        .named("getTusUpload", "Show how much of a file is there")
        .described(
            "What the store really has, so that any client can go on, after any crash. `HEAD` is what tus asks for. An upload \
            that has come to nothing is 410.",
        )
        .requires(Permission::MediaUpload)
        .answers(
            Answer::empty(StatusCode::OK, "How much is there.")
                .with(UPLOAD_OFFSET)
                .with(UPLOAD_LENGTH)
                .with(UPLOAD_METADATA)
                .sometimes_with(UPLOAD_EXPIRES)
                .with(header::CACHE_CONTROL),
        )
        .refuses(refusals())
}

pub(crate) async fn show(
    uploads: Uploads,
    (uploader, trace): (Uploader, TraceParent),
    Path(id): Path<UploadId>,
    tus: Tus,
) -> Result<Response, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    let upload = owned(&uploads.context, id, owner).await?;
    tus.check()?;
    if upload.initiated_at().is_some() {
        return Ok(shown(&upload, upload.file.size_bytes, None));
    }
    let plan = open(&upload, uploads.context.now())?;
    let offset = Standing::of(&uploads, &upload, plan).await.map_err(unavailable)?.offset();
    if offset == upload.file.size_bytes {
        complete(&uploads, &trace, (id, owner), |_, _| None).await?;
        return Ok(shown(&upload, offset, None));
    }
    Ok(shown(&upload, offset, Some(expires(&upload))))
}

fn shown(upload: &Upload, offset: u64, expires: Option<String>) -> Response {
    let mut headers: Vec<(HeaderName, String)> = vec![
        (UPLOAD_OFFSET, offset.to_string()),
        (UPLOAD_LENGTH, upload.file.size_bytes.to_string()),
        (UPLOAD_METADATA, metadata::of(&upload.file, upload.protection)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    headers.extend(expires.map(|expires| (UPLOAD_EXPIRES, expires)));
    let mut response = StatusCode::OK.into_response();
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value.parse().ok()?)));
    response.headers_mut().extend(headers);
    response
}
