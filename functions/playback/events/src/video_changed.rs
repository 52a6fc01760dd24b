//! `mcsp.content.video.*.v1`: keeps Playback's read model of videos, in Postgres and in Redis.

use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_storage::videos::{self, Announcement, Version};
use playback_storage::{Bounds, memory};

/// Postgres first; then what is remembered here, and Redis, get what Postgres has by now, also when the event was applied before: a delivery
/// that broke off between the two is mended by the next. Neither goes back to an earlier version.
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
    let current = videos::find(context.bridge(), id).await?.unwrap_or(version);
    memory::keep_video(context.bridge(), bounds, id, &current).await?;
    videos::keep(context.bridge(), id, &current).await?;
    Ok(applied)
}
