//! `GET /v1/videos/{id}`: its owner sees it in any state, others when it is published, not private, and shown where they are.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::{VideoView, viewer};
use content_domain::{Way, decide};
use content_storage as storage;
use http::{StatusCode, header};
use mcsp_etag::ETag;
use mcsp_function::{Context, MaybeCaller};
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
    let video = storage::find(&context, id).await?.ok_or_else(Problem::not_found)?;
    // What is hidden is told apart from what does not exist by nobody.
    decide(&video, &viewer(caller.as_ref()), Way::Link).map_err(|_hidden| Problem::not_found())?;
    let etag = ETag(video.version).to_string();
    Ok(([(header::ETAG, etag)], Json(VideoView::from(&video))).into_response())
}
