//! `GET /v1/videos/{id}/chapters.vtt`: the chapters of a video as players load them. A path of its own, since a player's `<track>`
//! can't say what it would like to have.

use super::kept;
use crate::seen::seen;
use crate::webvtt;
use axum::extract::State;
use axum::response::Response;
use mcsp_function::{Context, MaybeCaller};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/chapters.vtt", get)
        .named("getChaptersFile", "Get the chapters of a video for a player")
        .described(
            "The chapters as WebVTT, for a `<track kind=\"chapters\">`: a cue for each, which ends where the next one begins. Without \
            chapters there is no cue in it. It is there once there is something to play.",
        )
        .answers(webvtt::described("The chapters."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let video = seen(&context, caller, id).await?;
    let media = video.state.media().ok_or_else(Problem::not_found)?;
    let chapters = kept(&context, &video).await?;
    Ok(webvtt::answer(chapters.version, chapters.text.to_webvtt(media.duration_ms)))
}
