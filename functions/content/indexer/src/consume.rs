//! `POST /events/content-indexer`: what changes is changed in the index.

use axum::Extension;
use axum::extract::State;
use content_index::{IndexError, Settings};
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use serde::Deserialize;
use std::sync::Arc;

/// What is needed of a video's state: the rest is read, and may be newer.
#[derive(Deserialize)]
struct VideoChanged {
    video_id: VideoId,
    version: i64,
}

/// Each of them tells the whole state of a video.
const VIDEO_EVENTS: &str = "mcsp.content.video.";

/// The engine itself knows what it has by its version: nothing is to be noted of an event beside that.
pub(crate) async fn consume(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    received: Received,
) -> Result<Applied, Problem> {
    if !received.kind.starts_with(VIDEO_EVENTS) {
        return Ok(Applied::Ignored);
    }
    let VideoChanged { video_id, version } = received.data()?;
    match settings.engine(&context, &received.trace).keep(video_id, version).await {
        Ok(()) => Ok(Applied::Done),
        Err(IndexError::NoEngine) => Ok(Applied::Ignored),
        Err(error) => Err(error.into()),
    }
}
