//! `PUT /v1/playback/sessions/{id}/heartbeat`: keeps the session and its slot, notes where the viewer is, and
//! gives a new manifest URL before the old one expires.

use crate::denied;
use crate::embedder::SentBy;
use crate::licences::LicencesView;
use crate::refusal::Refusal;
use crate::renewal::{Renewal, renew};
use crate::served::Served;
use crate::settings::{GrantQuery, OpenedBy, Settings};
use crate::signal::{self, Happened, Signal};
use crate::view::{ManifestsView, expiry};
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, ClientAddress, Context, TraceParent};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use mcsp_playback_url::Network;
use mcsp_problem::{Invalid, Json, Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::{
    Denial, HEARTBEAT_INTERVAL_MS, InvalidPosition, PlayerState, Position, Reason, Streams, Viewer,
};
use playback_storage::memory::{self, Seen};
use playback_storage::videos::Source;
use playback_storage::{
    Beaten, Bounds, Heartbeat, Redis, StoreError, accounts, positions, probe_after_answer,
    remember_after_answer, subscriptions,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeartbeatRequest {
    /// Where the viewer is.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// When that was, by the player's clock; by default now.
    #[serde(default)]
    client_time: Option<Timestamp>,
    /// What the player does.
    state: PlayerStateRequest,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PlayerState")]
enum PlayerStateRequest {
    /// It plays, and the time counts as watched.
    Playing,
    /// It waits.
    Paused,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Heartbeat")]
pub(crate) struct HeartbeatView {
    id: PlaybackSessionId,
    /// Until when the manifest URLs are good.
    expires_at: Timestamp,
    /// New URLs, where the old ones have less than half of their time left; null where they have more.
    manifests: Option<ManifestsView>,
    /// Where to get the keys of a protected video anew, with new URLs; null without, and where it needs none.
    licences: Option<LicencesView>,
    /// Where the next heartbeats go, with new URLs; null without.
    #[schemars(example = &"/v1/playback/sessions/playback_01kb5t4v00e8ptxz3kd07gq2sn/heartbeat?grant=eyJ9.c2ln")]
    renewal_path: Option<String>,
    /// The position that counts now; 0 where the viewer has had it forgotten since.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// How long was played in this session.
    #[schemars(example = 750_000)]
    watched_ms: u64,
    /// When the next heartbeat is due.
    #[schemars(example = 10_000)]
    heartbeat_interval_ms: u64,
    /// Where the session was found.
    #[schemars(extend("enum" = ["redis", "postgres", "memory"]))]
    served_from: &'static str,
    /// How old the facts may be that new URLs were decided on; 0 without.
    stale_ms: u64,
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/playback/sessions/{id}/heartbeat", heartbeat)
        .named("sendHeartbeat", "Tell that one is still watching")
        .described(
            "Keeps the session and its slot, notes where the viewer is, and gives new manifest URLs before the old ones \
            expire. Send one each `heartbeat_interval_ms`, and one at each pause and each continuation. A session \
            without heartbeats is given up.",
        )
        .requires(Permission::PlaybackStart)
        .answers(Answer::json::<HeartbeatView>(StatusCode::OK, "The session goes on."))
        .refuses(denied::told())
        .refuses([Problem::not_found(), Invalid::default().into_problem(), denied::unknown()])
}

pub(crate) async fn heartbeat(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    (caller, sent_by, address): (Caller, SentBy, ClientAddress),
    trace: TraceParent,
    Path(session): Path<PlaybackSessionId>,
    Query(GrantQuery { grant }): Query<GrantQuery>,
    Json(request): Json<HeartbeatRequest>,
) -> Result<Json<HeartbeatView>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    settings.refresh_keys(&context).await;
    let (mut viewer, now) = (settings.viewer(&caller)?, context.now());
    let (shown, opened_by) = settings.shown(grant.as_deref(), viewer.user, session, now).unzip();
    let network = settings.network(address);
    // Who is elsewhere since can load nothing with the URLs that there are.
    let has_moved = opened_by.as_ref().is_some_and(|opened_by| opened_by.network != network);
    let OpenedBy { unlocked, embedder, .. } = opened_by.unwrap_or_default();
    viewer.unlocked = unlocked;
    viewer.embedder = settings.own_pages().embedder(sent_by, embedder);
    let position = position(request.position_ms, request.client_time, now)?;
    let heartbeat = Heartbeat {
        user: viewer.user,
        session,
        now,
        stream_limit: settings.stream_limit(),
        position,
        state: match request.state {
            PlayerStateRequest::Playing => PlayerState::Playing,
            PlayerStateRequest::Paused => PlayerState::Paused,
        },
        shown,
    };
    let (beaten, source) = beat(&context, settings.bounds(), &heartbeat).await.map_err(Refusal::unknown)?;
    let about = Told { context: &context, trace: &trace, heartbeat: &heartbeat, source };
    let mut served = Served::now(source);
    match beaten {
        Beaten::Unknown => Err(Problem::not_found()),
        Beaten::Full { video, watched_ms, .. } => {
            Err(about.denied(Reason::TooManyStreams, (video, watched_ms)))
        }
        Beaten::Suspended { video, watched_ms } => {
            Err(about.denied(Reason::AccountSuspended, (video, watched_ms)))
        }
        Beaten::Kept { video, expires_at_s, watched_ms, write_due, position, streams } => {
            if write_due {
                write_behind(&context, viewer.user, video, position);
                about.send(Happened::Heartbeat, (video, watched_ms), None);
            }
            if source == Source::Redis {
                remember(&context, settings.bounds(), viewer.user, (video, Some(position), streams));
            }
            let renewal = if has_moved || settings.renewal_due(expires_at_s, now) {
                let wanted = Wanted { viewer: &viewer, session, video, network, source };
                let renewal = renew(&context, &trace, &settings, wanted, &mut served).await;
                renewal.map_err(|denial| {
                    about.send(Happened::Denied, (video, watched_ms), Some(denial));
                    denied::decided(denial, served)
                })?
            } else {
                None
            };
            let expires_at_s = renewal.as_ref().map_or(expires_at_s, |renewal| renewal.expires_at_s);
            let stale_ms = renewal.as_ref().map_or(0, |_| served.stale_ms);
            let (manifests, licences, renewal_path) = match renewal {
                Some(Renewal { manifests, licences, path, .. }) => (Some(manifests), licences, Some(path)),
                None => (None, None, None),
            };
            Ok(Json(HeartbeatView {
                id: session,
                expires_at: expiry(expires_at_s).map_err(|error| Problem::internal(&error))?,
                manifests,
                licences,
                renewal_path,
                position_ms: position.position_ms().unwrap_or_default(),
                watched_ms,
                heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
                served_from: source.as_str(),
                stale_ms,
            }))
        }
    }
}

/// A session whose URL is to be signed anew.
pub(crate) struct Wanted<'a> {
    pub viewer: &'a Viewer,
    pub session: PlaybackSessionId,
    pub video: VideoId,
    /// What its URLs are bound to.
    pub network: Option<Network>,
    /// What kept the session.
    pub source: Source,
}

/// With Redis, and without it where it can't tell. A session that Redis does not know may be one that was opened here
/// while it was away.
async fn beat(
    context: &Context,
    bounds: &Bounds,
    heartbeat: &Heartbeat,
) -> Result<(Beaten, Source), StoreError> {
    let (bridge, redis) = (context.bridge(), Redis::within(context.bridge(), bounds));
    let mut known = *heartbeat;
    let mut beaten = playback_storage::beat(redis, &known).await;
    if let (Ok(Beaten::Unknown), None) = (&beaten, known.shown) {
        known.shown = memory::shown(bridge, known.user, known.session).await?;
        if known.shown.is_some() {
            beaten = playback_storage::beat(redis, &known).await;
        }
    }
    if let Ok(Beaten::Full { plan_is_known: false, .. }) = beaten {
        // A plan that Redis does not know may have more streams.
        let plan = subscriptions::load(context, redis, known.user).await;
        if plan.is_ok_and(|found| found.known.subscription.is_some()) {
            beaten = playback_storage::beat(redis, &known).await;
        }
    }
    match beaten {
        Ok(beaten) => Ok((beaten, Source::Redis)),
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            let beaten = memory::beat(bridge, heartbeat).await?.ok_or(error)?;
            // As often as Postgres is told of the position; and who is denied may have been let in again.
            if matches!(beaten, Beaten::Kept { write_due: true, .. } | Beaten::Suspended { .. }) {
                accounts::refresh_state_after_answer(context, bounds, heartbeat.user);
            }
            Ok((beaten, Source::Memory))
        }
        Err(error) => Err(error),
    }
}

/// Whom a heartbeat's signals are about.
struct Told<'a> {
    context: &'a Context,
    trace: &'a TraceParent,
    heartbeat: &'a Heartbeat,
    /// What looked after the session.
    source: Source,
}

impl Told<'_> {
    /// What the script has decided in the moment that it looked.
    fn denied(&self, reason: Reason, watched: (VideoId, u64)) -> Problem {
        let denial = Denial::told(reason);
        self.send(Happened::Denied, watched, Some(denial));
        denied::decided(denial, Served::now(self.source))
    }

    fn send(&self, happened: Happened, (video_id, watched_ms): (VideoId, u64), denial: Option<Denial>) {
        let Heartbeat { user, session, position, .. } = *self.heartbeat;
        let signal = Signal {
            session_id: session,
            user_id: user,
            video_id,
            position_ms: position.position_ms().unwrap_or_default(),
            watched_ms,
            reason: denial.map(|denial| denial.reason.as_str()),
        };
        signal::send(self.context, self.trace, happened, signal);
    }
}

/// Takes the player's word for where it is.
pub(crate) fn position(
    position_ms: u64,
    client_time: Option<Timestamp>,
    now: Timestamp,
) -> Result<Position, Problem> {
    Position::told(position_ms, client_time, now).map_err(|error: InvalidPosition| {
        Invalid::problem_at("/position_ms", mcsp_problem::Reason::new("out_of_range", error.to_string()))
    })
}

/// Writes the position to Postgres after the answer: Redis or the bridge's memory has it, so nobody waits.
pub(crate) fn write_behind(context: &Context, user: UserId, video: VideoId, position: Position) {
    let writer = context.clone();
    context.after_answer(async move {
        positions::write_behind(writer.bridge(), user, video, position).await;
    });
}

/// What Redis told is remembered, after the answer.
pub(crate) fn remember(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
    (video, position, streams): (VideoId, Option<Position>, Streams),
) {
    let positions = position.map(|position| (video, Some(position))).into_iter().collect();
    let seen = Seen { streams: Some(streams), positions, ..Seen::nothing_of(user) };
    remember_after_answer(context, bounds, seen);
}
