//! `PUT /v1/playback/sessions/{id}/heartbeat`: keeps the session and its slot, notes where the viewer is, and
//! gives a new manifest URL before the old one expires.

use crate::denied;
use crate::settings::Settings;
use crate::signal::{self, Happened, Signal};
use crate::start::{ManifestsView, Refusal, expiry};
use axum::Extension;
use axum::extract::State;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::{PlaybackSessionId, VideoId};
use mcsp_problem::{Invalid, Json, Path, Problem};
use playback_domain::{
    Denial, Facts, HEARTBEAT_INTERVAL_MS, InvalidPosition, PlayerState, Position, Reason, Viewer, decide,
};
use playback_storage::{Beaten, Heartbeat, positions, videos};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeartbeatRequest {
    position_ms: u64,
    #[serde(default)]
    client_time: Option<Timestamp>,
    state: PlayerStateRequest,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlayerStateRequest {
    Playing,
    Paused,
}

#[derive(Debug, Serialize)]
pub(crate) struct HeartbeatView {
    id: PlaybackSessionId,
    expires_at: Timestamp,
    /// New URLs, where the old ones have less than half of their time left.
    manifests: Option<ManifestsView>,
    position_ms: u64,
    watched_ms: u64,
    heartbeat_interval_ms: u64,
}

pub(crate) async fn heartbeat(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    trace: TraceParent,
    Path(session): Path<PlaybackSessionId>,
    Json(request): Json<HeartbeatRequest>,
) -> Result<Json<HeartbeatView>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let (viewer, now) = (settings.viewer(&caller)?, context.now());
    let position = position(request.position_ms, request.client_time, now)?;
    let state = match request.state {
        PlayerStateRequest::Playing => PlayerState::Playing,
        PlayerStateRequest::Paused => PlayerState::Paused,
    };
    let user = viewer.user;
    let heartbeat = Heartbeat { user, session, now, stream_limit: settings.stream_limit(), position, state };
    let signal = |video_id, watched_ms, reason| {
        let position_ms = position.position_ms();
        Signal { session_id: session, user_id: user, video_id, position_ms, watched_ms, reason }
    };
    let beaten = playback_storage::beat(context.bridge(), &heartbeat).await.map_err(Refusal::unknown)?;
    match beaten {
        Beaten::Unknown => Err(Problem::not_found()),
        Beaten::Full { video, watched_ms, .. } => {
            let denial = Denial { reason: Reason::TooManyStreams, hidden: false };
            let signal = signal(video, watched_ms, Some(denial.reason.as_str()));
            signal::send(&context, &trace, Happened::Denied, signal);
            Err(denied::problem(denial))
        }
        Beaten::Kept { video, expires_at_s, watched_ms, write_due, position: counting } => {
            if write_due {
                write_behind(&context, user, video, counting);
                signal::send(&context, &trace, Happened::Heartbeat, signal(video, watched_ms, None));
            }
            let renewed = if settings.renewal_due(expires_at_s, now) {
                renew(&context, &trace, &settings, &viewer, (session, video)).await.inspect_err(|denial| {
                    let signal = signal(video, watched_ms, Some(denial.reason.as_str()));
                    signal::send(&context, &trace, Happened::Denied, signal);
                })
            } else {
                Ok(None)
            };
            let (expires_at_s, hls) = match renewed.map_err(denied::problem)? {
                Some((expires_at_s, hls)) => (expires_at_s, Some(hls)),
                None => (expires_at_s, None),
            };
            Ok(Json(HeartbeatView {
                id: session,
                expires_at: expiry(expires_at_s).map_err(|error| Problem::internal(&error))?,
                manifests: hls.map(|hls| ManifestsView { hls }),
                position_ms: counting.position_ms(),
                watched_ms,
                heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
            }))
        }
    }
}

/// Takes the player's word for where it is.
pub(crate) fn position(
    position_ms: u64,
    client_time: Option<Timestamp>,
    now: Timestamp,
) -> Result<Position, Problem> {
    Position::told(position_ms, client_time, now).map_err(|error: InvalidPosition| {
        let mut invalid = Invalid::default();
        let reason = mcsp_problem::Reason::new("out_of_range", error.to_string());
        invalid.check::<()>("/position_ms", Err(reason));
        invalid.into_problem()
    })
}

/// Writes the position to Postgres after the answer: Redis has it, so nobody waits.
pub(crate) fn write_behind(context: &Context, user: mcsp_ids::UserId, video: VideoId, position: Position) {
    let writer = context.clone();
    context.after_answer(async move {
        positions::write_behind(writer.bridge(), user, video, position).await;
    });
}

/// A new URL with its expiry, if the viewer may still play the video. What cannot be found out now is tried
/// again with the next heartbeat: nothing is given that was not decided, and half of the time is left.
async fn renew(
    context: &Context,
    trace: &TraceParent,
    settings: &Settings,
    viewer: &Viewer,
    (session, video): (PlaybackSessionId, VideoId),
) -> Result<Option<(u64, String)>, Denial> {
    let version = match videos::cached(context.bridge(), video).await {
        Ok(Some(version)) => Some(version),
        Ok(None) => match videos::load(context, trace, video).await {
            Ok(loaded) => loaded.map(|loaded| loaded.version),
            Err(_) => return Ok(None),
        },
        Err(_) => return Ok(None),
    };
    let video = version.as_ref().map(|version| &version.video);
    // The session has its slot: of the other streams none is in its way.
    let media = decide(&Facts { viewer, video, open_streams: 0 })?.media;
    let expires_at_s = settings.url_expires_at_s(context.now());
    let Ok(hls) = settings.hls_url(media, &session.to_string(), expires_at_s) else { return Ok(None) };
    let noted = playback_storage::note_renewal(context.bridge(), viewer.user, session, expires_at_s).await;
    Ok(noted.unwrap_or(false).then_some((expires_at_s, hls)))
}
