//! `GET /v1/videos`: the caller's own videos, newest first.

use axum::extract::State;
use content_contract::VideoView;
use content_domain::{StateName, Video};
use content_storage as storage;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_paging::{Cursor, Limit, Page};
use mcsp_problem::{Json, Problem, Query};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    state: Option<StateName>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<VideoId>>,
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(request): Query<ListRequest>,
) -> Result<Json<Page<VideoView>>, Problem> {
    caller.require(Permission::ContentEdit)?;
    let ListRequest { state, limit, cursor } = request;
    let after = cursor.map(|Cursor(id)| id);
    let videos = storage::of_owner(&context, caller.user(), state, after, limit).await?;
    let page = Page::new(videos, limit, |video: &Video| video.origin.id);
    Ok(Json(page.map(|video| VideoView::from(&video))))
}
