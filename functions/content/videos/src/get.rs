//! `GET /v1/videos/{id}`: its owner sees it in any state, others when it is published, not private, and shown where they are.

use crate::seen::seen;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::VideoView;
use http::{StatusCode, header};
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context, MaybeCaller};
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
        .answers(Answer::json::<VideoView>(StatusCode::OK, "The video.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let viewer = caller.as_ref().map(Caller::user);
    let video = seen(&context, caller, id).await?;
    let etag = ETag(video.version).to_string();
    let view = VideoView::from(&video);
    let view = if viewer == Some(video.origin.owner) { view } else { view.for_others() };
    Ok(([(header::ETAG, etag)], Json(view)).into_response())
}
