//! `GET /v1/catalog/{id}`: the whole state of a video, for another service.

use crate::read::read;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::VideoState;
use http::{HeaderName, StatusCode, header};
use mcsp_etag::ETag;
use mcsp_function::{Context, FromPlatform};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

/// A second old at most while Content answers; a minute old while it can't, so that those who ask stay up
/// through a restart, yet what was taken back is not shown for long.
///
/// Every service shows the platform's one token and gets the same answer. `public` lets the bridge keep it
/// (RFC 9111, section 3.5); `Vary` keeps every cache from giving it to who shows another token, or none.
const CACHING: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "public, max-age=1, stale-if-error=60"), (header::VARY, "authorization")];

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/catalog/{id}", get)
        .named("getCatalogVideo", "Get all that the platform knows of a video")
        .described(
            "For other services of the platform, which show the platform's token: the data of the events \
            `media.published` and `media.changed`, when asked.",
        )
        .answers(
            Answer::json::<VideoState>(StatusCode::OK, "The video.")
                .with(header::ETAG)
                .with(header::CACHE_CONTROL)
                .with(header::VARY),
        )
}

pub(crate) async fn get(
    _: FromPlatform,
    State(context): State<Context>,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    let video = read(&context, id).await?;
    let etag = [(header::ETAG, ETag(video.version).to_string())];
    Ok((CACHING, etag, Json(VideoState::from(&video))).into_response())
}
