//! `POST /v1/playback/sessions`: decides whether the viewer may play, takes a stream slot, and gives all that a
//! player needs.

use crate::embedder::SentBy;
use crate::refusal::{self, Refusal};
use crate::served::Served;
use crate::session::{Session, Told};
use crate::settings::Settings;
use crate::signal::{self, Happened, Signal};
use crate::with_redis::{self, Failed};
use crate::{denied, embedder, view, without_redis};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_function::{Caller, ClientAddress, Context, TraceParent};
use mcsp_idempotency::IdempotencyKey;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::Operation;
use playback_domain::{Device, InvalidDevice, Position, Viewer};
use playback_storage::memory::{Seen, Started};
use playback_storage::{Start, StoreError, probe_after_answer, remember_after_answer};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StartPlaybackRequest")]
pub(crate) struct StartRequest {
    video_id: VideoId,
    /// What plays it.
    device: DeviceRequest,
    /// What `POST /v1/videos/{id}/unlock` gave, where the video asks for a password.
    #[serde(default)]
    #[schemars(example = &"eyJ9.c2ln")]
    access_grant: Option<String>,
    /// What a player of the platform's own passes on where somebody else's page embeds it: the origin of that page, or `null` in
    /// quotes where it is not told.
    #[serde(default)]
    #[schemars(example = &"https://blog.example")]
    embedding_origin: Option<String>,
    /// Whether the keys of a protected video are to be kept, so that what was loaded can be played without a network: its licences
    /// say until when. It makes no other session: one that is repeated under its Idempotency-Key has the licences that are asked for
    /// now.
    #[serde(default)]
    offline: bool,
}

/// A device, as its player names it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Device")]
struct DeviceRequest {
    /// Made up by the player, and the same each time: 1 to 128 visible ASCII characters.
    #[schemars(example = &"living-room-tv")]
    id: String,
    /// What people call it: 1 to 100 characters.
    #[serde(default)]
    #[schemars(example = &"Living room")]
    name: Option<String>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/playback/sessions", start)
        .named("startPlayback", "Start to play a video")
        .described(
            "Decides whether the viewer may play the video, takes one of the account's stream slots, and gives all that \
            a player needs. Why a viewer may not is told as the code of a 403; to whom the video is hidden, it does not \
            exist. What cannot be known now is denied (503 `entitlement_unknown`). A video that not all pages may embed is \
            played in those that may: the page is the one of the `Origin` that a browser sends, or, where that is one of the \
            platform's own, `embedding_origin`. Under its Idempotency-Key a start can be repeated for a day: the answer is the same \
            session, with the URLs that it has now, or 409 `session_over` where that has ended or its URLs have run out.",
        )
        .requires(Permission::PlaybackStart)
        .answers(view::answered())
        .refuses(denied::told())
        .refuses([Problem::not_found(), Invalid::default().into_problem(), denied::unknown(), refusal::over()])
        .refuses([refusal::offline_not_offered()])
        // The slot and the key are taken in the same moment.
        .never("idempotency_key_in_flight")
        .never("conflict")
}

pub(crate) async fn start(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    (caller, sent_by, address): (Caller, SentBy, ClientAddress),
    trace: TraceParent,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<StartRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    settings.refresh_keys(&context).await;
    let now = context.now();
    if request.offline && settings.licences().kept_until_s(now).is_none() {
        return Err(refusal::offline_not_offered());
    }
    let (user, grant) = (caller.user(), request.access_grant.as_deref());
    let unlocked = settings.unlocked(grant, user, request.video_id, now);
    let embedder = embedder::told(request.embedding_origin.as_deref())?;
    let embedder = settings.own_pages().embedder(sent_by, embedder);
    let viewer = Viewer { unlocked, embedder, ..settings.viewer(&caller)? };
    let device = device(request.device)?;
    let start = Start {
        session: context.new_id(),
        video: request.video_id,
        viewer: &viewer,
        device: &device,
        now,
        expires_at_s: settings.url_expires_at_s(now),
        counts_known_devices: false,
        idempotency_key: key.as_deref(),
    };
    let mut served = Served::REDIS;
    match open(&context, &trace, &settings, &start, &mut served).await {
        Ok(session) => {
            if !session.again {
                let position_ms =
                    session.position.as_ref().and_then(Position::position_ms).unwrap_or_default();
                let signal = Signal { session_id: session.id, ..about(&start, position_ms, None) };
                signal::send(&context, &trace, Happened::Started, signal);
            }
            let answer = view::opened(&context, &settings, (&start, address, request.offline), &session)?;
            remember(&context, &settings, &start, session);
            Ok(answer)
        }
        Err(Refusal::Denied(denial)) => {
            let signal = about(&start, 0, Some(denial.reason.as_str()));
            signal::send(&context, &trace, Happened::Denied, signal);
            Err(denied::decided(denial, served))
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
        Invalid::problem_at(pointer, Reason::new(code, error.to_string()))
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

/// With Redis, and without it where it can't tell.
async fn open(
    context: &Context,
    trace: &TraceParent,
    settings: &Settings,
    start: &Start<'_>,
    served: &mut Served,
) -> Result<Session, Refusal> {
    let bounds = settings.bounds();
    match with_redis::open(context, trace, bounds, start, served).await {
        Ok(session) => Ok(session),
        Err(Failed::Refused(refusal)) => Err(refusal),
        Err(Failed::Redis(error)) if StoreError::is_outage(&error) => {
            probe_after_answer(context, &error);
            without_redis::open(context, trace, bounds, start, served).await
        }
        Err(Failed::Redis(error)) => Err(Refusal::unknown(error)),
    }
}

/// What Redis told is remembered. What is known without it is in the memory already.
fn remember(context: &Context, settings: &Settings, start: &Start<'_>, session: Session) {
    let Session { id, version, expires_at_s, position, told, .. } = session;
    let Some(Told { facts, streams, devices, position_is_known, video_is_confirmed }) = told else { return };
    let started = start
        .idempotency_key
        .map(|key| (key.to_owned(), Started { session: id, expires_at_s, request: start.request() }));
    let seen = Seen {
        user: start.viewer.user,
        // What was itself remembered does not become new by that.
        version: video_is_confirmed.then_some((start.video, version)),
        account: Some(facts),
        streams: Some(streams),
        devices,
        positions: position_is_known.then_some((start.video, position)).into_iter().collect(),
        started,
    };
    remember_after_answer(context, settings.bounds(), seen);
}
