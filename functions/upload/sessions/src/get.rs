//! `GET /v1/uploads/{id}`: one's own upload, with a fresh URL while the file can be sent in one piece.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_ids::UploadId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::Uploads;
use upload_lifecycle::{UploadView, Uploader};
use upload_storage::owned;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/uploads/{id}", get)
        .named("getUpload", "Show an upload")
        .described(
            "One's own upload as it is now, with a fresh URL for as long as the file can be sent in one piece. Its \
            `ETag` changes with each change of its state.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::json::<UploadView>(StatusCode::OK, "The upload.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    uploads: Uploads,
    uploader: Uploader,
    Path(id): Path<UploadId>,
) -> Result<Response, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    let upload = owned(&uploads.context, id, owner).await?;
    let view = UploadView::of(&uploads, &upload)?;
    Ok(([(header::ETAG, ETag(upload.version).to_string())], Json(view)).into_response())
}
