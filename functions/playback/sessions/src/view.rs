//! A session, as its player sees it.

use crate::denied;
use crate::session::{Session, allowed};
use crate::settings::Settings;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Problem};
use playback_domain::{HEARTBEAT_INTERVAL_MS, Position};
use playback_storage::{Shown, Start};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct SessionView<'a> {
    id: &'a str,
    video_id: VideoId,
    manifests: ManifestsView,
    expires_at: Timestamp,
    /// Where a heartbeat gives a new manifest URL in time. It proves what the session is, so that it goes on whatever is
    /// down.
    renewal_path: String,
    /// Where the session is ended.
    end_path: String,
    resume_position_ms: u64,
    heartbeat_interval_ms: u64,
    /// The `sid` of CMCD (CTA-5004).
    cmcd_session_id: uuid::Uuid,
    duration_ms: u64,
    renditions: &'a RawValue,
    served_from: &'static str,
    stale_ms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct ManifestsView {
    pub hls: String,
}

/// 201 with the session.
pub(crate) fn opened(settings: &Settings, start: &Start<'_>, session: &Session) -> Result<Response, Problem> {
    let media = allowed(start.viewer, &session.version, session.others_open).map_err(denied::problem)?;
    let id = session.id.to_string();
    let internal = |error: &dyn std::error::Error| Problem::internal(error);
    let hls = settings.hls_url(media, &id, session.expires_at_s).map_err(|error| internal(&error))?;
    let shown = Shown { video: start.video, expires_at_s: session.expires_at_s };
    let grant = settings.grant(start.viewer.user, session.id, shown, start.now);
    let view = SessionView {
        id: &id,
        video_id: start.video,
        manifests: ManifestsView { hls },
        expires_at: expiry(session.expires_at_s).map_err(|error| internal(&error))?,
        renewal_path: renewal_path(&id, &grant),
        end_path: format!("/v1/playback/sessions/{id}?grant={grant}"),
        resume_position_ms: session.position.as_ref().map_or(0, Position::position_ms),
        heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
        cmcd_session_id: session.id.uuid(),
        duration_ms: media.duration_ms,
        renditions: &media.renditions,
        served_from: session.source.as_str(),
        stale_ms: session.stale_ms,
    };
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(view)).into_response())
}

/// Where the session's heartbeats go.
pub(crate) fn renewal_path(session: &str, grant: &str) -> String {
    format!("/v1/playback/sessions/{session}/heartbeat?grant={grant}")
}

/// Unix seconds as a time.
pub(crate) fn expiry(expires_at_s: u64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(i64::try_from(expires_at_s).unwrap_or(i64::MAX))
}
