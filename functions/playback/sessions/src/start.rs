//! `POST /v1/playback/sessions`: decides whether the viewer may play, takes a stream slot, and gives all that a
//! player needs. When warm, one round trip.

use crate::denied;
use crate::settings::Settings;
use crate::signal::{self, Happened, Signal};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::Failure;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::IdempotencyKey;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Problem};
use playback_domain::{
    Denial, Device, Facts, HEARTBEAT_INTERVAL_MS, InvalidDevice, Position, Reason, Viewer, decide,
};
use playback_storage::positions;
use playback_storage::videos::{self, Media, Source, Version};
use playback_storage::{Opened, Read, Start, StartOutcome, StoreError, Yes};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A read model that changes while it is decided on is decided on again, this often.
const TRIES_MAX: u32 = 4;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartRequest {
    video_id: VideoId,
    device: DeviceRequest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceRequest {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Serialize)]
struct SessionView<'a> {
    id: &'a str,
    video_id: VideoId,
    manifests: ManifestsView,
    expires_at: Timestamp,
    /// Where a heartbeat gives a new manifest URL in time.
    renewal_path: String,
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

pub(crate) async fn start(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    trace: TraceParent,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<StartRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let viewer = settings.viewer(&caller)?;
    let device = device(request.device)?;
    let now = context.now();
    let start = Start {
        session: context.new_id(),
        video: request.video_id,
        viewer: &viewer,
        device: &device,
        now,
        expires_at_s: settings.url_expires_at_s(now),
        idempotency_key: key.as_deref(),
    };
    match open(&context, &trace, &start).await {
        Ok(session) => {
            let position_ms = session.position(&context, &start).await.map_or(0, |at| at.position_ms());
            if !session.opened.again {
                let signal =
                    Signal { session_id: session.opened.session, ..about(&start, position_ms, None) };
                signal::send(&context, &trace, Happened::Started, signal);
            }
            session.view(&settings, &start, position_ms)
        }
        Err(Refusal::Denied(denial)) => {
            let signal = about(&start, 0, Some(denial.reason.as_str()));
            signal::send(&context, &trace, Happened::Denied, signal);
            Err(denied::problem(denial))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn device(request: DeviceRequest) -> Result<Device, Problem> {
    Device::parse(request.id, request.name).map_err(|error| {
        let (pointer, code) = match error {
            InvalidDevice::Id => ("/device/id", "invalid_device_id"),
            InvalidDevice::Name => ("/device/name", "invalid_device_name"),
        };
        let mut invalid = Invalid::default();
        invalid.check::<()>(pointer, Err(mcsp_problem::Reason::new(code, error.to_string())));
        invalid.into_problem()
    })
}

fn about(start: &Start<'_>, position_ms: u64, reason: Option<&'static str>) -> Signal {
    Signal {
        session_id: start.session,
        user_id: start.viewer.user,
        video_id: start.video,
        position_ms,
        watched_ms: 0,
        reason,
    }
}

/// A session that is open, with all that the answer needs.
struct Session {
    read: Read,
    opened: Opened,
    source: Source,
    stale_ms: u64,
}

/// Opens the session. Only a yes of [`decide`] takes a slot: the script takes none before it knows of one.
async fn open(context: &Context, trace: &TraceParent, start: &Start<'_>) -> Result<Session, Refusal> {
    let (mut source, mut stale_ms, mut yes) = (Source::Redis, 0, None);
    for _ in 0..TRIES_MAX {
        match playback_storage::start(context.bridge(), start, yes).await.map_err(Refusal::unknown)? {
            StartOutcome::Opened(read, opened) => {
                let session = Session { read, opened, source, stale_ms };
                return session.confirmed(context, start).await;
            }
            StartOutcome::Undecided(read) => yes = Some(decided(start.viewer, &read.version)?),
            StartOutcome::Full(read, open_streams) => {
                allowed(start.viewer, &read.version, open_streams)?;
                // The script counted to the same limit.
                return Err(Refusal::Denied(Denial { reason: Reason::TooManyStreams, hidden: false }));
            }
            StartOutcome::KeyReused => return Err(Refusal::KeyReused),
            StartOutcome::Cold => {
                let loaded = videos::load(context, trace, start.video).await.map_err(Refusal::unknown)?;
                let loaded = loaded.ok_or(Denial { reason: Reason::NotFound, hidden: true })?;
                (source, stale_ms) = (loaded.source, loaded.stale_ms);
                yes = Some(decided(start.viewer, &loaded.version)?);
            }
        }
    }
    Err(Refusal::Unsettled)
}

fn allowed<'a>(viewer: &'a Viewer, version: &'a Version, open_streams: u32) -> Result<&'a Media, Denial> {
    decide(&Facts { viewer, video: Some(&version.video), open_streams }).map(|allowance| allowance.media)
}

/// The decision aside from streams, which only the script can count.
fn decided(viewer: &Viewer, version: &Version) -> Result<Yes, Denial> {
    let allowance = decide(&Facts { viewer, video: Some(&version.video), open_streams: 0 })?;
    Ok(Yes { version: version.number, holds_for: allowance.holds_for })
}

impl Session {
    /// Decides once more, on what the script read in the moment that it took the slot. A kept yes spares the
    /// round trip, not the decision.
    async fn confirmed(self, context: &Context, start: &Start<'_>) -> Result<Self, Refusal> {
        let Opened { session, others_open, again, .. } = self.opened;
        match allowed(start.viewer, &self.read.version, others_open) {
            Ok(_) => Ok(self),
            Err(denial) => {
                if !again {
                    let freed =
                        playback_storage::end(context.bridge(), start.viewer.user, session, start.now, None);
                    freed.await.map_err(Refusal::unknown)?;
                }
                Err(denial.into())
            }
        }
    }

    /// Where the viewer stopped. While Postgres is down, an account that Redis does not know starts from the
    /// beginning: better than not at all.
    async fn position(&self, context: &Context, start: &Start<'_>) -> Option<Position> {
        let known = self.read.position;
        positions::settle(context, known, start.viewer.user, start.video).await.ok().flatten()
    }

    fn view(&self, settings: &Settings, start: &Start<'_>, position_ms: u64) -> Result<Response, Problem> {
        let Opened { session, expires_at_s, others_open, .. } = self.opened;
        let media = allowed(start.viewer, &self.read.version, others_open).map_err(denied::problem)?;
        let id = session.to_string();
        let internal = |error: &dyn std::error::Error| Problem::internal(error);
        let hls = settings.hls_url(media, &id, expires_at_s).map_err(|error| internal(&error))?;
        let view = SessionView {
            id: &id,
            video_id: start.video,
            manifests: ManifestsView { hls },
            expires_at: expiry(expires_at_s).map_err(|error| internal(&error))?,
            renewal_path: format!("/v1/playback/sessions/{id}/heartbeat"),
            resume_position_ms: position_ms,
            heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
            cmcd_session_id: session.uuid(),
            duration_ms: media.duration_ms,
            renditions: &media.renditions,
            served_from: self.source.as_str(),
            stale_ms: self.stale_ms,
        };
        let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        Ok((StatusCode::CREATED, no_store, Json(view)).into_response())
    }
}

/// Unix seconds as a time.
pub(crate) fn expiry(expires_at_s: u64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(i64::try_from(expires_at_s).unwrap_or(i64::MAX))
}

/// Why no session is opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The viewer may not play this.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The Idempotency-Key was of another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The video changed with every try.
    #[error("the video changes faster than it can be decided on")]
    Unsettled,
    /// The stores that could tell are down.
    #[error("the entitlement cannot be known")]
    Unknown(#[source] StoreError),
    /// A mistake of ours.
    #[error("the stores gave something that they should not")]
    Inconsistent(#[source] StoreError),
}

impl Refusal {
    pub(crate) fn unknown(error: StoreError) -> Self {
        match error {
            StoreError::Failed(Failure::NotGranted(_) | Failure::Refused(_))
            | StoreError::RolledBack(_)
            | StoreError::Inconsistent(_)
            | StoreError::Unreadable(_) => Refusal::Inconsistent(error),
            StoreError::Failed(
                Failure::BreakerOpen(_)
                | Failure::Overloaded
                | Failure::DeadlineExceeded
                | Failure::Unreachable,
            )
            | StoreError::Content { .. } => Refusal::Unknown(error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Denied(denial) => denied::problem(*denial),
            Refusal::KeyReused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            ),
            Refusal::Unsettled | Refusal::Unknown(_) => denied::unknown().caused_by(&refusal),
            Refusal::Inconsistent(_) => Problem::internal(&refusal),
        }
    }
}
