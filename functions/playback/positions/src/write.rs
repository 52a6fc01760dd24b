//! `PUT /v1/playback/positions/{video_id}`: notes where the caller stopped. Of two writes the one of the later
//! client time counts, in whatever order they come.

use crate::overwrite::overwrite;
use crate::view::{Found, PositionView, answer};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use playback_domain::{InvalidPosition, Position};
use playback_storage::memory::{self, Seen};
use playback_storage::videos::Source;
use playback_storage::{Bounds, Redis, StoreError, positions, probe_after_answer, remember_after_answer};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WritePositionRequest")]
pub(crate) struct WriteRequest {
    /// How far into the video.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// When the viewer was there, by the player's clock; by default now. Of two writes the later time counts, in
    /// whatever order they come.
    #[serde(default)]
    client_time: Option<Timestamp>,
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/playback/positions/{video_id}", write)
        .named("setPosition", "Note where one stopped")
        .described(
            "For players that stopped without a session, or were offline. The answer is the position that counts now, \
            which may be a later one of another device; 404 where the viewer has had it forgotten since. With `If-Match` it is \
            noted only where the position that counts is one that was read: of two devices' the later one counts all the same. \
            That is compared in Redis alone: while it is away, such a request is 503.",
        )
        .requires(Permission::PlaybackStart)
        .answers(
            Answer::json::<PositionView>(StatusCode::OK, "The position that counts now.").with(header::ETAG),
        )
        .refuses([Problem::not_found(), WriteError::OutOfRange(InvalidPosition).into()])
}

/// Answers with the position that counts now. It is in Redis then, or held in the bridge's memory, and goes to Postgres
/// after the answer; in a video that neither knows, Postgres is asked first.
pub(crate) async fn write(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    caller: Caller,
    Path(video): Path<VideoId>,
    if_match: IfMatch,
    Json(request): Json<WriteRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let position =
        Position::told(request.position_ms, request.client_time, context.now()).map_err(WriteError::from)?;
    let told = Told { user: caller.user(), video, position };
    let found = match overwrite(&context, &bounds, &if_match, told).await? {
        Some((counting, source)) => Found::fresh(counting, source),
        None => note(&context, &bounds, told).await.map_err(WriteError::from)?,
    };
    answer(video, found)
}

/// A position in a video, of a viewer.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub user: UserId,
    pub video: VideoId,
    pub position: Position,
}

async fn note(context: &Context, bounds: &Bounds, told: Told) -> Result<Found<Position>, StoreError> {
    let (bridge, Told { user, video, position }) = (context.bridge(), told);
    let redis = Redis::within(bridge, bounds);
    match positions::put_in_known(redis, user, video, position).await {
        Ok(Some(counting)) => {
            write_behind(context, Told { position: counting, ..told });
            let seen = Seen { positions: vec![(video, Some(counting))], ..Seen::nothing_of(user) };
            remember_after_answer(context, bounds, seen);
            Ok(Found::fresh(counting, Source::Redis))
        }
        Ok(None) => match positions::save(bridge, user, video, position).await {
            Ok(saved) => {
                let counting = positions::put(redis, user, video, saved).await?;
                Ok(Found::fresh(counting, Source::Postgres))
            }
            Err(error) => hold_if_known(context, told, error).await,
        },
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            match hold_if_known(context, told, error).await {
                Err(_) => {
                    let saved = positions::save(bridge, user, video, position).await?;
                    // Redis must hear of it before it tells an older one.
                    memory::hold_position(bridge, user, video, saved).await?;
                    Ok(Found::fresh(saved, Source::Postgres))
                }
                held => held,
            }
        }
        Err(error) => Err(error),
    }
}

/// Holds the position until the stores have it, if the video is remembered; otherwise it is the error.
async fn hold_if_known(
    context: &Context,
    told: Told,
    error: StoreError,
) -> Result<Found<Position>, StoreError> {
    let (bridge, Told { user, video, position }) = (context.bridge(), told);
    if !error.is_outage() || memory::video(bridge, video).await?.is_none() {
        return Err(error);
    }
    let counting = memory::hold_position(bridge, user, video, position).await?;
    write_behind(context, Told { position: counting, ..told });
    Ok(Found::fresh(counting, Source::Memory))
}

/// Writes it to Postgres after the answer.
pub(crate) fn write_behind(context: &Context, told: Told) {
    let (own, Told { user, video, position }) = (context.clone(), told);
    context.after_answer(async move {
        positions::write_behind(own.bridge(), user, video, position).await;
    });
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
                Invalid::problem_at("/position_ms", Reason::new("out_of_range", error.to_string()))
            }
            WriteError::UnknownVideo => Problem::not_found(),
            WriteError::Store(error) => error.into(),
        }
    }
}
