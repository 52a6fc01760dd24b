//! `GET /v1/drafts`: one's own drafts, the newest first.

use crate::view::DraftView;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::DraftId;
use mcsp_paging::{Cursor, Limit, Packed, Page, in_parts};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;
use upload_storage::{KeptDraft, page_of_drafts};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<DraftId>>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/drafts", list)
        .named("listDrafts", "List one's own drafts")
        .described("One's own drafts, submitted or not, the newest first.")
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<Page<DraftView>>(StatusCode::OK, "A page of drafts."))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(ListQuery { limit, cursor }): Query<ListQuery>,
) -> Result<Json<Page<Packed<DraftView>>>, Problem> {
    caller.require(Permission::ContentEdit)?;
    let seen = cursor.map(|Cursor(id)| id);
    let read = |after, rows| page_of_drafts(&context, caller.user(), after, rows);
    let rows = in_parts(limit, seen, |kept: &KeptDraft| kept.id, read).await?;
    Ok(Json(Page::new(rows, limit, |kept| kept.id, |kept| DraftView::from(&kept))))
}
