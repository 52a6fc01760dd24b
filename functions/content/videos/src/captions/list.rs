//! `GET /v1/videos/{id}/captions`: in which languages there are captions, for all who see the video.

use super::CaptionsView;
use crate::seen::seen;
use axum::extract::State;
use http::StatusCode;
use mcsp_function::{Context, MaybeCaller};
use mcsp_ids::VideoId;
use mcsp_paging::Page;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/captions", list)
        .named("listCaptions", "List the captions of a video")
        .described("In which languages there are captions, by their tags. There is one page: a video has at most 50.")
        .answers(Answer::json::<Page<CaptionsView>>(StatusCode::OK, "All of them."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn list(
    State(context): State<Context>,
    MaybeCaller(caller): MaybeCaller,
    Path(id): Path<VideoId>,
) -> Result<Json<Page<CaptionsView>>, Problem> {
    let video = seen(&context, caller, id).await?;
    let captions = video.tracks.captions.iter();
    let items = captions.map(|(language, version)| CaptionsView::of(language, *version)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}
