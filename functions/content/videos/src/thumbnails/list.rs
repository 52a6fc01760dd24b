//! `GET /v1/videos/{id}/thumbnails`: the images of a video, for all who see it.

use crate::seen::seen;
use content_images::{Images, ThumbnailView};
use http::StatusCode;
use mcsp_function::MaybeCaller;
use mcsp_ids::VideoId;
use mcsp_paging::Page;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/thumbnails", list)
        .named("listThumbnails", "List the thumbnails of a video")
        .described(
            "Those that were taken from the video, in the order of its time, and then those that its owner has sent. Whoever sees the \
            video sees them. There is one page: a video has at most 26.",
        )
        .answers(Answer::json::<Page<ThumbnailView>>(StatusCode::OK, "All of them."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn list(
    images: Images,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Json<Page<ThumbnailView>>, Problem> {
    let video = seen(&images.context, caller, id).await?;
    Ok(Json(Page { items: ThumbnailView::all(&images, &video)?, next_cursor: None }))
}
