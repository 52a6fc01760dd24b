//! `GET /v1/videos/{id}/chapters`: the chapters of a video, for all who see it.

use super::{ChaptersView, answer, kept};
use crate::seen::seen;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_function::{Context, MaybeCaller};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/chapters", get)
        .named("getChapters", "Show the chapters of a video")
        .described(
            "Whoever sees a video sees its chapters. The `ETag` is theirs alone: what else changes of the video leaves it as it is.",
        )
        .answers(Answer::json::<ChaptersView>(StatusCode::OK, "The chapters.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let video = seen(&context, caller, id).await?;
    let chapters = kept(&context, &video).await?;
    Ok(answer(chapters.version, &chapters.text))
}
