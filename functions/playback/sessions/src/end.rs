//! `DELETE /v1/playback/sessions/{id}`: frees the slot, and keeps where the viewer stopped.

use crate::heartbeat::{position, write_behind};
use crate::signal::{self, Happened, Signal};
use crate::start::Refusal;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::PlaybackSessionId;
use mcsp_problem::{Json, Path, Problem};
use playback_domain::Position;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRequest {
    position_ms: u64,
    #[serde(default)]
    client_time: Option<Timestamp>,
}

/// The body may be left out: then the last heartbeat's position counts.
pub(crate) async fn end(
    State(context): State<Context>,
    caller: Caller,
    trace: TraceParent,
    Path(session): Path<PlaybackSessionId>,
    request: Option<Json<EndRequest>>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let (user, now) = (caller.user(), context.now());
    let last = request
        .map(|Json(EndRequest { position_ms, client_time })| position(position_ms, client_time, now))
        .transpose()?;
    let ended = playback_storage::end(context.bridge(), user, session, now, last);
    let ended = ended.await.map_err(Refusal::unknown)?.ok_or_else(Problem::not_found)?;
    if let Some(position) = ended.position {
        write_behind(&context, user, ended.video, position);
    }
    let signal = Signal {
        session_id: session,
        user_id: user,
        video_id: ended.video,
        position_ms: ended.position.as_ref().map_or(0, Position::position_ms),
        watched_ms: ended.watched_ms,
        reason: None,
    };
    signal::send(&context, &trace, Happened::Ended, signal);
    Ok(StatusCode::NO_CONTENT)
}
