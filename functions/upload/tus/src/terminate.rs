//! `DELETE /v1/tus/{id}`: takes an upload back and clears the store of it.

use crate::protocol::Tus;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_ids::UploadId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::Uploads;
use upload_domain::Refused;
use upload_lifecycle::{Uploader, cancel, refused};
use upload_storage::{SaveError, owned};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/tus/{id}", terminate)
        .named("terminateTusUpload", "Take an upload by tus back")
        .described("As `DELETE /v1/uploads/{id}` does.")
        .requires(Permission::MediaUpload)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The upload has come to nothing."))
        .refuses([Problem::not_found(), refused(Refused::Completed), SaveError::Overtaken.into()])
}

pub(crate) async fn terminate(
    uploads: Uploads,
    uploader: Uploader,
    Path(id): Path<UploadId>,
    tus: Tus,
) -> Result<StatusCode, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    owned(&uploads.context, id, owner).await?;
    tus.check()?;
    cancel(&uploads, (id, owner), |_| Ok(())).await?;
    Ok(StatusCode::NO_CONTENT)
}
