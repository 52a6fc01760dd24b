//! A session, as its player sees it.

use crate::denied;
use crate::licences::{LicencesView, Player};
use crate::session::{Session, allowed};
use crate::settings::{Settings, unix_s};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use mcsp_function::{ClientAddress, Context};
use mcsp_ids::{PlaybackSessionId, VideoId};
use mcsp_problem::{Json, Problem};
use mcsp_reference::Answer;
use playback_domain::{Entitlements, HEARTBEAT_INTERVAL_MS, Position};
use playback_storage::{Shown, Start};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

/// In which Content gives captions.
const WEBVTT: &str = "text/vtt";

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlaybackSession")]
struct SessionView<'a> {
    #[schemars(with = "PlaybackSessionId")]
    id: &'a str,
    video_id: VideoId,
    /// Where to play from.
    manifests: ManifestsView,
    /// Where to get the keys of a protected video; null where it needs none.
    licences: Option<LicencesView>,
    /// The captions that there are: no manifest names them, so that the player adds them.
    captions: Vec<CaptionsView<'a>>,
    /// Until when the manifest URLs are good.
    expires_at: Timestamp,
    /// Where a heartbeat gives a new manifest URL in time. It proves what the session is, so that it goes on whatever is
    /// down.
    #[schemars(example = &"/v1/playback/sessions/playback_01kb5t4v00e8ptxz3kd07gq2sn/heartbeat?grant=eyJ9.c2ln")]
    renewal_path: String,
    /// Where the session is ended.
    #[schemars(example = &"/v1/playback/sessions/playback_01kb5t4v00e8ptxz3kd07gq2sn?grant=eyJ9.c2ln")]
    end_path: String,
    /// Where the viewer stopped, or 0.
    #[schemars(example = 754_000)]
    resume_position_ms: u64,
    /// When the first heartbeat is due.
    #[schemars(example = 10_000)]
    heartbeat_interval_ms: u64,
    /// The `sid` of CMCD (CTA-5004).
    cmcd_session_id: uuid::Uuid,
    /// How long the video plays.
    #[schemars(example = 3_600_000)]
    duration_ms: u64,
    /// What the player can choose from.
    #[schemars(with = "Vec<RenditionView>")]
    renditions: &'a RawValue,
    /// Where the decision's facts came from.
    #[schemars(extend("enum" = ["redis", "postgres", "catalog", "memory"]))]
    served_from: &'static str,
    /// How old those facts may be; 0 where a store or Content has them now.
    stale_ms: u64,
}

/// One encoding of the video. It is passed on as Content announced it, and never parsed.
#[derive(JsonSchema)]
#[schemars(rename = "PlayableRendition")]
#[expect(dead_code, reason = "only described")]
struct RenditionView {
    /// What people call it.
    #[schemars(example = &"720p")]
    name: String,
    /// Pixels.
    #[schemars(example = 1280)]
    width: u32,
    /// Pixels.
    #[schemars(example = 720)]
    height: u32,
    /// Bits per second, at its peak.
    #[schemars(example = 2_800_000)]
    bitrate_bps: u64,
    /// As a manifest's `CODECS` (RFC 6381).
    #[schemars(example = &"avc1.64001f,mp4a.40.2")]
    codecs: String,
}

/// Captions in a language: a file that a player adds to what it plays.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlayableCaptions")]
struct CaptionsView<'a> {
    /// What they are written in: BCP 47.
    #[schemars(example = &"en-GB")]
    language: &'a str,
    /// The media type of the file.
    #[schemars(extend("const" = "text/vtt"))]
    content_type: &'static str,
    /// Where the file is loaded from, with the access token that the session was started with; and without one where everybody
    /// may see the video everywhere.
    #[schemars(example = &"/v1/videos/video_01kb5t4v00e8ptxz3kd07gq2sn/captions/en-GB")]
    path: String,
}

impl<'a> CaptionsView<'a> {
    /// Content gives the file to whoever sees the video, and whoever may play it does.
    fn of(video: VideoId, language: &'a str) -> Self {
        CaptionsView {
            language,
            content_type: WEBVTT,
            path: format!("/v1/videos/{video}/captions/{language}"),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Manifests")]
pub(crate) struct ManifestsView {
    /// The HLS manifest (RFC 8216), at the CDN. Its URL is signed: it needs no token.
    #[schemars(example = &"https://cdn.example/p/token/videos/video_01kb5t4v00e8ptxz3kd07gq2sn/master.m3u8")]
    pub hls: String,
    /// The DASH manifest (ISO/IEC 23009-1) of the same segments, in the same way; null where the video has none.
    #[schemars(example = &"https://cdn.example/p/token/videos/video_01kb5t4v00e8ptxz3kd07gq2sn/manifest.mpd")]
    pub dash: Option<String>,
    /// The HLS manifest of a player that is steered (draft-pantos-hls-rfc8216bis, section 7): it has newer URLs, and other CDNs,
    /// from the platform by itself. Null where the video has none.
    #[schemars(example = &"https://cdn.example/p/token/videos/video_01kb5t4v00e8ptxz3kd07gq2sn/steered.m3u8?steering=https%3A%2F%2Fmcsp.example%2Fv1%2Fplayback%2Fsessions%2Fplayback_01kb5t4v00e8ptxz3kd07gq2sn%2Fsteering%3Fgrant%3DeyJ9.c2ln")]
    pub hls_steered: Option<String>,
}

/// What [`opened`] is in the API reference.
pub(crate) fn answered() -> Answer {
    Answer::json::<SessionView<'_>>(StatusCode::CREATED, "The session is open.").with(header::CACHE_CONTROL)
}

/// 201 with the session.
pub(crate) fn opened(
    context: &Context,
    settings: &Settings,
    (start, address, offline): (&Start<'_>, ClientAddress, bool),
    session: &Session,
) -> Result<Response, Problem> {
    let media = allowed(start.viewer, session.standing, &session.version, session.others_open, start.now)
        .map_err(|denial| denied::decided(denial, session.served))?;
    let id = session.id.to_string();
    let internal = |error: &dyn std::error::Error| Problem::internal(error);
    let network = settings.network(address);
    let shown = Shown { video: start.video, expires_at_s: session.expires_at_s };
    let grant = settings.grant(start.viewer, session.id, (shown, network), start.now);
    let player = Player { user: start.viewer.user, session: session.id, video: start.video };
    let manifests = settings.manifests(media, (player, &id), (session.expires_at_s, network), start.now);
    let manifests = manifests.map_err(|error| internal(&error))?;
    let kept_until_s = if offline { kept_until_s(settings, start, session) } else { None };
    let licences = settings.licences().offer(context, media, player, kept_until_s);
    let view = SessionView {
        id: &id,
        video_id: start.video,
        manifests,
        licences,
        captions: media.captions.iter().map(|language| CaptionsView::of(start.video, language)).collect(),
        expires_at: expiry(session.expires_at_s).map_err(|error| internal(&error))?,
        renewal_path: renewal_path(&id, &grant),
        end_path: format!("/v1/playback/sessions/{id}?grant={grant}"),
        resume_position_ms: session.position.as_ref().and_then(Position::position_ms).unwrap_or_default(),
        heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
        cmcd_session_id: session.id.uuid(),
        duration_ms: media.duration_ms,
        renditions: &media.renditions,
        served_from: session.served.source.as_str(),
        stale_ms: session.served.stale_ms,
    };
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(view)).into_response())
}

/// Until when the viewer may keep the keys, in Unix seconds: not beyond the end of the plan that the video asks for.
fn kept_until_s(settings: &Settings, start: &Start<'_>, session: &Session) -> Option<u64> {
    let until_s = settings.licences().kept_until_s(start.now)?;
    let asks_for_plan = session.version.video.asks_for_plan(start.viewer.user).is_some();
    let subscription = session.standing.subscription.filter(|_| asks_for_plan);
    let entitlements = subscription.as_ref().and_then(|known| known.entitles(start.now));
    let plan_ends_at = entitlements.and_then(Entitlements::until);
    Some(plan_ends_at.map_or(until_s, |at| until_s.min(unix_s(at))))
}

/// Where the session's heartbeats go.
pub(crate) fn renewal_path(session: &str, grant: &str) -> String {
    format!("/v1/playback/sessions/{session}/heartbeat?grant={grant}")
}

/// Unix seconds as a time.
pub(crate) fn expiry(expires_at_s: u64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(i64::try_from(expires_at_s).unwrap_or(i64::MAX))
}
