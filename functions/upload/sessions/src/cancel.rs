//! `DELETE /v1/uploads/{id}`: takes an upload back and clears the store of it. Of one that has come to
//! nothing already there is only the clearing left to do, so it can be repeated until it succeeds.

use crate::problems;
use crate::times::ATTEMPTS_MAX;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::Caller;
use mcsp_ids::UploadId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::{Uploads, release, settle};
use upload_domain::Refused;
use upload_storage::{SaveError, Written, owned, save};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/uploads/{id}", cancel)
        .named("cancelUpload", "Take an upload back")
        .described(
            "Cancels an upload that is not completed, and removes what the store has of it. It can be repeated: an \
            upload that was cancelled, has expired or failed is only cleared.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The upload has come to nothing."))
        .refuses([Problem::not_found(), problems::refused(Refused::Completed), SaveError::Overtaken.into()])
}

pub(crate) async fn cancel(
    uploads: Uploads,
    caller: Caller,
    Path(id): Path<UploadId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::MediaUpload)?;
    for _ in 0..ATTEMPTS_MAX {
        let upload = owned(&uploads.context, id, caller.user()).await?;
        if_match.check(upload.version)?;
        match upload.clone().cancel(uploads.context.now()) {
            Ok(cancelled) => match save(&uploads.context, &cancelled, Written::default()).await {
                Ok(()) => {
                    release(&uploads, cancelled).await?;
                    return Ok(StatusCode::NO_CONTENT);
                }
                Err(SaveError::Overtaken) => {}
                Err(error @ SaveError::Failed(_)) => return Err(error.into()),
            },
            Err(Refused::Cancelled | Refused::Expired | Refused::Mismatched(_)) => {
                settle(&uploads, upload).await?;
                return Ok(StatusCode::NO_CONTENT);
            }
            Err(
                refused @ (Refused::Completed | Refused::NoParts | Refused::NotCompleted | Refused::Settled),
            ) => return Err(problems::refused(refused)),
        }
    }
    Err(SaveError::Overtaken.into())
}
