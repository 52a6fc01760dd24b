//! `DELETE /v1/playback/sessions/{id}`: frees the slot, and keeps where the viewer stopped.

use crate::denied;
use crate::heartbeat::{position, remember, write_behind};
use crate::refusal::Refusal;
use crate::served::{SERVED_FROM, STALE_MS, Served};
use crate::settings::{GrantQuery, Settings};
use crate::signal::{self, Happened, Signal};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::PlaybackSessionId;
use mcsp_problem::{Invalid, Json, Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::Position;
use playback_storage::memory::{self, EndedHere};
use playback_storage::videos::Source;
use playback_storage::{Bounds, End, Ended, Redis, StoreError, probe_after_answer};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EndPlaybackRequest")]
pub(crate) struct EndRequest {
    /// Where the viewer stopped.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// When that was, by the player's clock; by default now.
    #[serde(default)]
    client_time: Option<Timestamp>,
}

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/playback/sessions/{id}", end)
        .named("endPlayback", "Stop playing")
        .described(
            "Frees the stream's slot at once and keeps where the viewer stopped. The body may be left out: then the last \
            heartbeat's position counts.",
        )
        .requires(Permission::PlaybackStart)
        .answers(
            Answer::empty(StatusCode::NO_CONTENT, "The session has ended.").with(SERVED_FROM).with(STALE_MS),
        )
        .refuses([Problem::not_found(), Invalid::default().into_problem(), denied::unknown()])
}

/// The body may be left out: then the last heartbeat's position counts. There is nothing to answer with but headers.
pub(crate) async fn end(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    trace: TraceParent,
    Path(session): Path<PlaybackSessionId>,
    Query(GrantQuery { grant }): Query<GrantQuery>,
    request: Option<Json<EndRequest>>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    settings.refresh_keys(&context).await;
    let (user, now) = (caller.user(), context.now());
    let last = request
        .map(|Json(EndRequest { position_ms, client_time })| position(position_ms, client_time, now))
        .transpose()?;
    let shown = settings.shown(grant.as_deref(), user, session, now).map(|(shown, _)| shown);
    let end = End { user, session, now, position: last, shown };
    let (ended, source) = end_it(&context, settings.bounds(), &end).await.map_err(Refusal::unknown)?;
    let Ended { video, watched_ms, position, streams } = ended.ok_or_else(Problem::not_found)?;
    if let Some(position) = position {
        write_behind(&context, user, video, position);
    }
    if source == Source::Redis {
        remember(&context, settings.bounds(), user, (video, position, streams));
    }
    let signal = Signal {
        session_id: session,
        user_id: user,
        video_id: video,
        position_ms: position.as_ref().and_then(Position::position_ms).unwrap_or_default(),
        watched_ms,
        reason: None,
    };
    signal::send(&context, &trace, Happened::Ended, signal);
    Ok((StatusCode::NO_CONTENT, Served::now(source).headers()).into_response())
}

/// With Redis, and without it where it can't tell. None where there is no such session.
async fn end_it(
    context: &Context,
    bounds: &Bounds,
    end: &End,
) -> Result<(Option<Ended>, Source), StoreError> {
    let bridge = context.bridge();
    match playback_storage::end(Redis::within(bridge, bounds), end).await {
        Ok(ended) => Ok((ended, Source::Redis)),
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            match memory::end(bridge, end).await? {
                Some(EndedHere::Now(ended)) => Ok((Some(ended), Source::Memory)),
                Some(EndedHere::Before) => Ok((None, Source::Memory)),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}
