//! `GET /v1/videos/{id}`: its owner sees it in any state, others when it is published, not private, and shown where they are.

use crate::page::PageView;
use crate::seen::seen;
use axum::response::{IntoResponse, Response};
use content_images::Images;
use http::{StatusCode, header};
use mcsp_etag::ETag;
use mcsp_function::{Caller, MaybeCaller};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}", get)
        .named("getVideo", "Show a video")
        .described(
            "Its owner sees a video in any state, others when it is published, not private, and shown in the region that their \
            access token says; without one, where it is shown in all regions. To whom it is hidden, it does not exist.",
        )
        .answers(Answer::json::<PageView>(StatusCode::OK, "The video.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    images: Images,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let viewer = caller.as_ref().map(Caller::user);
    let video = seen(&images.context, caller, id).await?;
    let etag = ETag(video.version).to_string();
    let page = PageView::of(&images, &video)?.shown_to(viewer);
    Ok(([(header::ETAG, etag)], Json(page)).into_response())
}
