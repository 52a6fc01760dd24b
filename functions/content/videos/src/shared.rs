//! `GET /v1/videos/shared`: the videos that the caller works on beside their owners, newest first.

use crate::page::PageView;
use content_domain::{Role, Video};
use content_images::Images;
use content_storage as storage;
use http::StatusCode;
use mcsp_function::Caller;
use mcsp_ids::{UserId, VideoId};
use mcsp_paging::{Cursor, Limit, Packed, Page};
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
    video: PageView,
}

impl SharedView {
    fn of(images: &Images, user: UserId, video: &Video) -> Result<Self, Problem> {
        Ok(SharedView {
            role: video.collaborators.role(user),
            video: PageView::of(images, video)?.shown_to(Some(user)),
        })
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
    images: Images,
    caller: Caller,
    Query(request): Query<SharedRequest>,
) -> Result<Json<Page<Packed<SharedView>>>, Problem> {
    let SharedRequest { limit, cursor } = request;
    let after = cursor.map(|Cursor(id)| id);
    let videos = storage::shared_with(&images.context, caller.user(), after, limit).await?;
    let show = |video: Video| SharedView::of(&images, caller.user(), &video).map(Some);
    Page::try_new(videos, limit, |video: &Video| video.origin.id, show).map(Json)
}
