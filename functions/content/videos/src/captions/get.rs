//! `GET /v1/videos/{id}/captions/{language}`: captions as players load them, for all who see the video.

use super::LanguageTag;
use crate::seen::seen;
use crate::webvtt;
use axum::extract::State;
use axum::response::Response;
use content_storage as storage;
use mcsp_function::{Context, MaybeCaller};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/captions/{language}", get)
        .named("getCaptions", "Get the captions of a video in a language")
        .described("The captions as WebVTT, for a `<track kind=\"captions\">`. Whoever sees the video may load them.")
        .answers(webvtt::described("The captions."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    MaybeCaller(caller): MaybeCaller,
    Path((id, LanguageTag(language))): Path<(VideoId, LanguageTag)>,
) -> Result<Response, Problem> {
    seen(&context, caller, id).await?;
    let captions = storage::captions(&context, id, &language).await?.ok_or_else(Problem::not_found)?;
    Ok(webvtt::answer(captions.version, captions.text))
}
