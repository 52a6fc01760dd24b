//! `PUT /v1/playback/positions/{video_id}`: notes where the caller stopped. Of two writes the one of the later
//! client time counts, in whatever order they come.

use crate::view::PositionView;
use axum::extract::State;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use playback_domain::{InvalidPosition, Position};
use playback_storage::{StoreError, positions};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteRequest {
    position_ms: u64,
    #[serde(default)]
    client_time: Option<Timestamp>,
}

/// Postgres first: what was answered survives Redis. Answers with the position that counts now.
pub(crate) async fn write(
    State(context): State<Context>,
    caller: Caller,
    Path(video): Path<VideoId>,
    Json(request): Json<WriteRequest>,
) -> Result<Json<PositionView>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let position =
        Position::told(request.position_ms, request.client_time, context.now()).map_err(WriteError::from)?;
    let saved = positions::save(context.bridge(), caller.user(), video, position).await;
    let saved = saved.map_err(WriteError::from)?;
    let counting = positions::put(context.bridge(), caller.user(), video, saved).await;
    Ok(Json(PositionView::new(video, &counting.map_err(WriteError::from)?)))
}

/// Why a position is not noted.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    /// It is behind the end of every video.
    #[error("the position is out of range")]
    OutOfRange(#[from] InvalidPosition),
    /// There is no such video.
    #[error("there is no such video")]
    UnknownVideo,
    /// The stores failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::RolledBack(TransactError::ConstraintViolated(violation))
                if violation.constraint == "positions_video" =>
            {
                WriteError::UnknownVideo
            }
            error => WriteError::Store(error),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::OutOfRange(error) => {
                let mut invalid = Invalid::default();
                let reason = Reason::new("out_of_range", error.to_string());
                invalid.check::<()>("/position_ms", Err(reason));
                invalid.into_problem()
            }
            WriteError::UnknownVideo => Problem::not_found(),
            WriteError::Store(error) => error.into(),
        }
    }
}
