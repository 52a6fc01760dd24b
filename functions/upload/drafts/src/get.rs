//! `GET /v1/drafts/{id}`: one's own draft.

use crate::view::{DraftView, answer};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::DraftId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_storage::owned_draft;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/drafts/{id}", get)
        .named("getDraft", "Show a draft")
        .described("One's own draft, as it was written last.")
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<DraftView>(StatusCode::OK, "The draft.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<DraftId>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let kept = owned_draft(&context, id, caller.user()).await?;
    Ok(answer(StatusCode::OK, &kept).into_response())
}
