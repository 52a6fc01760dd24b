//! `mcsp.content.video.*.v1`: keeps Playback's read model of videos, in Postgres and in Redis.

use crate::settle;
use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_storage::Bounds;
use playback_storage::videos::{self, Announcement, Version};

/// Postgres first; then what is remembered here, and Redis.
pub(crate) async fn apply(
    context: &Context,
    bounds: &Bounds,
    received: &Received,
) -> Result<Applied, Problem> {
    let announced: Announcement = received.data()?;
    let id = announced.video_id;
    let version = Version::try_from(announced).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_event", "the event's data cannot be read")
            .with_detail(error)
    })?;
    let applied = received.apply(context, vec![videos::upsert(id, &version)], Vec::new()).await?;
    settle::video(context, bounds, id).await?;
    Ok(applied)
}
