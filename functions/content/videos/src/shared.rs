//! `GET /v1/videos/shared`: the videos that the caller works on beside their owners, newest first.

use axum::extract::State;
use content_contract::VideoView;
use content_domain::{Role, Video};
use content_storage as storage;
use http::StatusCode;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_paging::{Cursor, Limit, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharedRequest {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<VideoId>>,
}

/// A video that one works on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SharedVideo")]
pub(crate) struct SharedView {
    /// What one may do; null where one was taken away this moment.
    #[schemars(example = &"editor")]
    role: Option<Role>,
    /// The video.
    video: VideoView,
}

impl SharedView {
    fn of(user: UserId, video: &Video) -> Self {
        SharedView { role: video.collaborators.role(user), video: VideoView::from(video) }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/shared", shared)
        .named("listSharedVideos", "List the videos that one works on")
        .described(
            "The videos of others that one is a collaborator of, in any state but deleted, the newest first.",
        )
        .answers(Answer::json::<Page<SharedView>>(StatusCode::OK, "A page of videos."))
}

pub(crate) async fn shared(
    State(context): State<Context>,
    caller: Caller,
    Query(request): Query<SharedRequest>,
) -> Result<Json<Page<SharedView>>, Problem> {
    let SharedRequest { limit, cursor } = request;
    let after = cursor.map(|Cursor(id)| id);
    let videos = storage::shared_with(&context, caller.user(), after, limit).await?;
    let page = Page::new(videos, limit, |video: &Video| video.origin.id);
    Ok(Json(page.map(|video| SharedView::of(caller.user(), &video))))
}
