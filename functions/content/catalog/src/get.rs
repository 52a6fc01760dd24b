//! `GET /v1/catalog/{id}`: the whole state of a video, for another service.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::VideoState;
use content_domain::{Viewer, Way, decide};
use content_storage as storage;
use http::header;
use mcsp_etag::ETag;
use mcsp_function::{Context, FromPlatform};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};

/// A second old at most while Content answers; a minute old while it can't, so that those who ask stay up
/// through a restart, yet what was taken back is not shown for long.
const CACHE_CONTROL: &str = "private, max-age=1, stale-if-error=60";

pub(crate) async fn get(
    _: FromPlatform,
    State(context): State<Context>,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let video = storage::find(&context, id).await?.ok_or_else(Problem::not_found)?;
    decide(&video, Viewer::Service, Way::Link).map_err(|_hidden| Problem::not_found())?;
    let headers =
        [(header::ETAG, ETag(video.version).to_string()), (header::CACHE_CONTROL, CACHE_CONTROL.to_owned())];
    Ok((headers, Json(VideoState::from(&video))).into_response())
}
