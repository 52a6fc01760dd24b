//! A position as the caller sees it.

use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Problem};
use playback_domain::Position;
use playback_storage::positions::tag;
use playback_storage::videos::Source;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Position")]
pub(crate) struct PositionView {
    video_id: VideoId,
    /// How far into the video.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// When the viewer was there, by the player's clock.
    client_time: Timestamp,
    /// Where it was found.
    #[schemars(extend("enum" = ["redis", "postgres", "memory"]))]
    served_from: &'static str,
    /// How old what was found may be; 0 where a store has it now.
    stale_ms: u64,
}

/// A position, with where it was found and how old what was found is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<T> {
    pub position: T,
    pub source: Source,
    pub stale_ms: u64,
}

impl<T> Found<T> {
    /// What a store has now.
    pub(crate) fn fresh(position: T, source: Source) -> Self {
        Found { position, source, stale_ms: 0 }
    }
}

/// The position with its `ETag`, or 404 where it is forgotten.
pub(crate) fn answer(video_id: VideoId, found: Found<Position>) -> Result<Response, Problem> {
    let tag = tag(&found.position).ok_or_else(Problem::not_found)?;
    let view = PositionView::new(video_id, found).ok_or_else(Problem::not_found)?;
    Ok(([(header::ETAG, tag)], Json(view)).into_response())
}

impl PositionView {
    /// None where it is forgotten.
    fn new(video_id: VideoId, found: Found<Position>) -> Option<Self> {
        let Found { position, source, stale_ms } = found;
        Some(PositionView {
            video_id,
            position_ms: position.position_ms()?,
            client_time: position.client_time(),
            served_from: source.as_str(),
            stale_ms,
        })
    }
}
