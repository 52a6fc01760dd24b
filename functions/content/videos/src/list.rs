//! `GET /v1/videos`: the caller's own videos, newest first.

use crate::page::PageView;
use content_domain::{StateName, Video};
use content_images::Images;
use content_storage::{self as storage, Listed};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::Caller;
use mcsp_ids::VideoId;
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    /// Only videos in this state. Deleted ones, which can still be had back, are listed where they are asked for.
    state: Option<StateName>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<VideoId>>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos", list)
        .named("listVideos", "List one's own videos")
        .described(
            "One's own videos in any state or in one, the newest first. Deleted ones are listed with `state=deleted` alone.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<Page<PageView>>(StatusCode::OK, "A page of videos."))
}

pub(crate) async fn list(
    images: Images,
    caller: Caller,
    Query(request): Query<ListRequest>,
) -> Result<Json<Page<Packed<PageView>>>, Problem> {
    caller.require(Permission::ContentEdit)?;
    let ListRequest { state, limit, cursor } = request;
    let after = cursor.map(|Cursor(id)| id);
    let listed = state.map_or(Listed::NotDeleted, Listed::In);
    let videos = storage::of_owner(&images.context, caller.user(), listed, after, limit).await?;
    let show = |video: Video| PageView::of(&images, &video).map(Some);
    Page::try_new(videos, limit, |video: &Video| video.origin.id, show).map(Json)
}
