//! `DELETE /v1/drafts/{id}`: what it said of a video when it was submitted stays said.

use crate::problems::{self, not_saved};
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::DraftId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_storage::{owned_draft, remove_draft};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/drafts/{id}", remove)
        .named("deleteDraft", "Remove a draft")
        .described("Removes a draft. What was submitted of it stays with the video.")
        .requires(Permission::ContentEdit)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The draft is gone."))
        .refuses([Problem::not_found(), problems::overtaken()])
}

pub(crate) async fn remove(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<DraftId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::ContentEdit)?;
    let kept = owned_draft(&context, id, caller.user()).await?;
    if_match.check(kept.version)?;
    remove_draft(&context, &kept).await.map_err(|error| not_saved(error, &if_match))?;
    Ok(StatusCode::NO_CONTENT)
}
