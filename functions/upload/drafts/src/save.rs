//! `PUT /v1/drafts/{id}`: says all that the draft says anew. Editors save often and by themselves: of two who do at the same
//! time one wins, and the other is told.

use crate::problems::{self, not_saved, overtaken};
use crate::view::{DraftView, answer};
use crate::written::{ATTEMPTS_MAX, WrittenDraft};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::DraftId;
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_storage::{DraftError, KeptDraft, Written, owned_draft, save_draft};

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/drafts/{id}", save)
        .named("saveDraft", "Save a draft")
        .described(
            "Says all of it anew: what is left out it does not say any more. Send the `ETag` that you have read as \
            `If-Match`, so that nobody's change is lost; without it, whoever comes last wins. A draft that was submitted and \
            changes has to be submitted again. Saved as it is, nothing changes.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<DraftView>(StatusCode::OK, "The draft as it is now.").with(header::ETAG))
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
        .refuses([problems::upload_has_draft(), overtaken()])
}

pub(crate) async fn save(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(id): Path<DraftId>,
    Json(request): Json<WrittenDraft>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    for _ in 0..ATTEMPTS_MAX {
        let kept = owned_draft(&context, id, caller.user()).await?;
        if_match.check(kept.version)?;
        let (draft, upload) = request.clone().check(&context, caller.user()).await?;
        if draft == kept.draft && upload == kept.upload {
            return Ok(answer(StatusCode::OK, &kept).into_response());
        }
        let (version, updated_at) = (kept.version + 1, context.now());
        let saved = KeptDraft { version, upload, draft, submitted_at: None, updated_at, ..kept };
        match save_draft(&context, &saved, Written::default()).await {
            Ok(()) => return Ok(answer(StatusCode::OK, &saved).into_response()),
            Err(DraftError::UploadLost) => {}
            Err(error) => return Err(not_saved(error, &if_match)),
        }
    }
    Err(overtaken())
}
