//! `GET /v1/playback/positions/{video_id}`: where the caller stopped.

use crate::view::{Found, PositionView, answer};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use playback_domain::Position;
use playback_storage::memory::{self, Seen};
use playback_storage::positions::{self, Known};
use playback_storage::videos::Source;
use playback_storage::{Bounds, Redis, StoreError, probe_after_answer, remember_after_answer};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/playback/positions/{video_id}", read)
        .named("getPosition", "Get where one stopped")
        .described("Where the caller stopped in a video, on whichever device.")
        .requires(Permission::PlaybackStart)
        .answers(Answer::json::<PositionView>(StatusCode::OK, "The position.").with(header::ETAG))
        .refuses([Problem::not_found()])
}

/// From Redis, or from Postgres where Redis does not know the account; where they can't tell, what is remembered.
pub(crate) async fn read(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    caller: Caller,
    Path(video): Path<VideoId>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let Found { position, source, stale_ms } = find(&context, &bounds, caller.user(), video).await?;
    let position = position.ok_or_else(Problem::not_found)?;
    answer(video, Found { position, source, stale_ms })
}

async fn find(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
    video: VideoId,
) -> Result<Found<Option<Position>>, StoreError> {
    match positions::known(Redis::within(context.bridge(), bounds), user, video).await {
        Ok(known) => {
            let source = if matches!(known, Known::Yes(_)) { Source::Redis } else { Source::Postgres };
            match positions::settle(context, known, user, video).await {
                Ok(position) => {
                    let seen = Seen { positions: vec![(video, position)], ..Seen::nothing_of(user) };
                    remember_after_answer(context, bounds, seen);
                    Ok(Found::fresh(position, source))
                }
                Err(error) => remembered(context, user, video).await?.ok_or(error),
            }
        }
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            if let Some(found) = remembered(context, user, video).await? {
                return Ok(found);
            }
            let position = positions::find_in_postgres(context.bridge(), user, video).await?;
            Ok(Found::fresh(position, Source::Postgres))
        }
        Err(error) => Err(error),
    }
}

async fn remembered(
    context: &Context,
    user: UserId,
    video: VideoId,
) -> Result<Option<Found<Option<Position>>>, StoreError> {
    let remembered = memory::position(context.bridge(), user, video).await?;
    Ok(remembered.map(|remembered| Found {
        position: remembered.position,
        source: Source::Memory,
        stale_ms: remembered.age_ms,
    }))
}
