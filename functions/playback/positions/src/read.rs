//! `GET /v1/playback/positions/{video_id}`: where the caller stopped.

use crate::view::PositionView;
use axum::extract::State;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};
use playback_storage::positions;

/// From Redis, or from Postgres where Redis does not know the account.
pub(crate) async fn read(
    State(context): State<Context>,
    caller: Caller,
    Path(video): Path<VideoId>,
) -> Result<Json<PositionView>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let known = positions::known(context.bridge(), caller.user(), video).await?;
    let position = positions::settle(&context, known, caller.user(), video).await?;
    let position = position.ok_or_else(Problem::not_found)?;
    Ok(Json(PositionView::new(video, &position)))
}
