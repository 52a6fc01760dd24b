//! `DELETE /v1/uploads/{id}`: takes an upload back and clears the store of it.

use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_ids::UploadId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::Uploads;
use upload_domain::Refused;
use upload_lifecycle::{Uploader, cancel as cancel_upload, refused};
use upload_storage::SaveError;

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/uploads/{id}", cancel)
        .named("cancelUpload", "Take an upload back")
        .described(
            "Cancels an upload that is not completed, and removes what the store has of it. It can be repeated: an \
            upload that was cancelled, has expired or failed is only cleared.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The upload has come to nothing."))
        .refuses([Problem::not_found(), refused(Refused::Completed), SaveError::Overtaken.into()])
}

pub(crate) async fn cancel(
    uploads: Uploads,
    uploader: Uploader,
    Path(id): Path<UploadId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    cancel_upload(&uploads, (id, owner), |upload| if_match.check(upload.version)).await?;
    Ok(StatusCode::NO_CONTENT)
}
