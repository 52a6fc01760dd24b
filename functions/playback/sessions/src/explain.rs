//! `POST /v1/playback/explain`: what a start would be decided on, fact by fact, and how: for whoever is asked for help.

use crate::embedder::SentBy;
use crate::settings::Settings;
use crate::{denied, embedder};
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use playback_domain::{
    AccountState, Denial, Device, Devices, Entitlements, Facts, InvalidDevice, InvalidRegion, Origin, Region,
    Standing, Subscription, Viewer, Visibility, decide,
};
use playback_storage::videos::{Source, Version};
use playback_storage::{AllFacts, Fact, all_facts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainRequest {
    /// Who would play.
    user_id: UserId,
    video_id: VideoId,
    /// Where the viewer would be.
    #[schemars(example = &"eu")]
    region: String,
    /// The highest age that the viewer's access token would say is reached; by default none.
    #[serde(default)]
    #[schemars(example = 16)]
    age_reached: Option<u8>,
    /// Whether the viewer would have given one of the video's passwords; by default not.
    #[serde(default)]
    unlocked: bool,
    /// What the viewer would play on; by default a device that is counted already.
    #[serde(default)]
    #[schemars(example = &"living-room-tv")]
    device_id: Option<String>,
    /// The origin of the page that the viewer would play in, or `null` in quotes where it would not be told; by default one of the
    /// platform's own, or none.
    #[serde(default)]
    #[schemars(example = &"https://blog.example")]
    embedding_origin: Option<String>,
}

/// What a start would be answered now, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub(crate) struct ExplanationView {
    /// Whether it would be allowed.
    allowed: bool,
    /// The reason that it would be denied for: the `code` of a denial, or what is behind a 404; `entitlement_unknown` where
    /// the video, or a plan that it asks for, cannot be known now.
    #[schemars(example = &"plan_too_low")]
    reason: Option<&'static str>,
    /// Whether the viewer may not even learn that there is such a video: what the viewer is told is 404.
    hidden: bool,
    /// How many streams the account may have open.
    #[schemars(example = 3)]
    stream_limit: u32,
    /// How many devices it may have.
    #[schemars(example = 10)]
    device_limit: u32,
    /// When it was decided.
    decided_at: Timestamp,
    facts: FactsView,
}

/// What it was decided on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionFacts")]
struct FactsView {
    /// Null where it cannot be known now whether there is such a video.
    video: Option<FactView<VideoView>>,
    /// Null where nothing is known of the account: it is taken to be active, as an access token says.
    account: Option<FactView<AccountView>>,
    /// Null where it cannot be known now.
    subscription: Option<FactView<SubscriptionView>>,
    /// As many as count to the limit.
    streams: FactView<StreamsView>,
    /// Null where no device was asked for.
    devices: Option<FactView<DevicesView>>,
}

/// A fact, with where it was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FactOf{T}")]
struct FactView<T> {
    /// Null where there is none.
    value: Option<T>,
    /// Where it was found.
    #[schemars(extend("enum" = ["redis", "postgres", "catalog", "memory"]))]
    served_from: &'static str,
    /// How old it may be; 0 where a store has it now.
    stale_ms: u64,
}

/// What is known of the video.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionVideo")]
struct VideoView {
    /// Grows with each change of it that Content tells, and with each decision on it.
    #[schemars(example = 7)]
    version: u64,
    owner_id: UserId,
    /// Where it is on its way.
    #[schemars(extend("enum" = ["never_published", "scheduled", "published", "unpublished", "blocked", "deleted"]))]
    state: &'static str,
    /// Who may see it.
    #[schemars(extend("enum" = ["public", "unlisted", "private", "subscribers", "password"]))]
    visibility: &'static str,
    /// Of the plan that it asks for.
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
    /// The age that it asks for.
    #[schemars(example = 16)]
    minimum_age: Option<u8>,
    /// Only there, unless empty.
    #[schemars(example = ["eu"])]
    regions_allow: Vec<String>,
    /// Not there.
    regions_deny: Vec<String>,
    /// Who works on it beside its owner, where it is private or asks for a password: they play it.
    collaborators: Vec<UserId>,
    /// Which pages may embed it.
    #[schemars(extend("enum" = ["anywhere", "nowhere", "listed"]))]
    embedding: &'static str,
    /// The origins of those that may, where these are listed.
    #[schemars(example = ["https://blog.example"])]
    embedding_origins: Vec<String>,
}

/// What is known of the account itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionAccount")]
struct AccountView {
    /// Where it is on its way.
    #[schemars(extend("enum" = ["active", "suspended", "closed", "erased"]))]
    state: &'static str,
}

/// What the account has subscribed to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionSubscription")]
struct SubscriptionView {
    /// Of the plan; null where it entitles to nothing.
    #[schemars(example = 2)]
    level: Option<u32>,
    /// Streams that the plan has.
    #[schemars(example = 4)]
    streams: Option<u32>,
    /// When it is over, if that is known.
    until: Option<Timestamp>,
    /// Whether a payment is missing.
    is_past_due: bool,
}

/// The account's streams.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionStreams")]
struct StreamsView {
    /// How many are open.
    #[schemars(example = 1)]
    open: u32,
}

/// The account's devices.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionDevices")]
struct DevicesView {
    /// Whether the one that was asked for is one of them.
    is_known: bool,
    /// How many there are.
    #[schemars(example = 2)]
    count: u32,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/playback/explain", explain)
        .named("explainPlayback", "Explain why a video may be played, or not")
        .described(
            "What a start of this viewer would be decided on now, fact by fact, each with where it was found and how old it \
            may be; and the decision, which the same function makes. Nothing is started.",
        )
        .requires(Permission::PlaybackExplain)
        .answers(Answer::json::<ExplanationView>(StatusCode::OK, "The decision."))
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn explain(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    trace: TraceParent,
    Json(request): Json<ExplainRequest>,
) -> Result<Json<ExplanationView>, Problem> {
    caller.require(Permission::PlaybackExplain)?;
    let ExplainRequest { user_id: user, video_id, region, age_reached, unlocked, device_id, .. } = request;
    let embedder = embedder::told(request.embedding_origin.as_deref())?;
    let device = device_id.map(|id| Device::parse(id, None).map_err(unfit)).transpose()?;
    let mut viewer = settings.viewer_of(user, parsed(&region)?, age_reached);
    viewer.embedder = settings.own_pages().embedder(SentBy(None), embedder);
    let device = device.as_ref().map(Device::id);
    let facts = all_facts(&context, &trace, settings.bounds(), (user, video_id), device).await?;
    let video = facts.video.as_ref().and_then(|video| video.known.as_ref());
    if let Some(Visibility::Password(version)) = video.map(|version| version.video.visibility) {
        viewer.unlocked = unlocked.then_some(version);
    }
    Ok(Json(explained(&viewer, facts, context.now())))
}

fn unfit(error: InvalidDevice) -> Problem {
    Invalid::problem_at("/device_id", Reason::new("invalid_device_id", error.to_string()))
}

fn parsed(region: &str) -> Result<Region, Problem> {
    let unfit = |error: InvalidRegion| {
        Invalid::problem_at("/region", Reason::new("invalid_region", error.to_string()))
    };
    Region::parse(region).map_err(unfit)
}

fn explained(viewer: &Viewer, facts: AllFacts, now: Timestamp) -> ExplanationView {
    let state = facts.state.as_ref().map_or(AccountState::Active, |state| state.known);
    let subscription = facts.subscription.as_ref().and_then(|subscription| subscription.known);
    let standing = Standing { state, subscription };
    let video = facts.video.as_ref().and_then(|video| video.known.as_ref()).map(|version| &version.video);
    let asks_for_plan = video.and_then(|video| video.asks_for_plan(viewer.user)).is_some();
    let open_streams = facts.open_streams.known;
    let devices = facts.devices.as_ref().map_or(Devices::COUNTED, |devices| devices.known);
    let denial = decide(&Facts { viewer, standing, video, open_streams, devices, now }).err();
    let is_unknown = facts.video.is_none() || (asks_for_plan && facts.subscription.is_none());
    let (reason, hidden) = match denial {
        Some(denial) if !is_unknown || denial.reason == playback_domain::Reason::AccountSuspended => {
            let Denial { reason, hidden, .. } = denial;
            (Some(reason.as_str()), hidden)
        }
        _ if is_unknown => (Some(denied::UNKNOWN), false),
        _ => (None, false),
    };
    ExplanationView {
        allowed: reason.is_none(),
        reason,
        hidden,
        stream_limit: standing.stream_limit(viewer.stream_limit, now),
        device_limit: standing.device_limit(viewer.device_limit, now),
        decided_at: now,
        facts: FactsView {
            video: facts.video.map(|video| FactView::of(video, |version| version.map(VideoView::from))),
            account: facts
                .state
                .map(|state| FactView::of(state, |state| Some(AccountView { state: state.as_str() }))),
            subscription: facts
                .subscription
                .map(|subscription| FactView::of(subscription, |known| known.map(SubscriptionView::from))),
            streams: FactView::of(facts.open_streams, |open| Some(StreamsView { open })),
            devices: facts.devices.map(|devices| {
                FactView::of(devices, |Devices { is_known, count }| Some(DevicesView { is_known, count }))
            }),
        },
    }
}

impl<T> FactView<T> {
    fn of<F>(fact: Fact<F>, view: impl FnOnce(F) -> Option<T>) -> Self {
        let Fact { known, source, stale_ms } = fact;
        FactView { value: view(known), served_from: Source::as_str(source), stale_ms }
    }
}

impl From<Version> for VideoView {
    fn from(version: Version) -> Self {
        let Version { number, video } = version;
        let names = |regions: &[Region]| regions.iter().map(Region::to_string).collect();
        VideoView {
            version: number,
            owner_id: video.owner,
            state: video.state.as_str(),
            visibility: video.visibility.as_str(),
            minimum_plan_level: match video.visibility {
                Visibility::Subscribers(level) => Some(level),
                Visibility::Public | Visibility::Unlisted | Visibility::Private | Visibility::Password(_) => {
                    None
                }
            },
            minimum_age: video.minimum_age,
            regions_allow: names(&video.regions.allow),
            regions_deny: names(&video.regions.deny),
            collaborators: video.collaborators,
            embedding: video.embedding.as_str(),
            embedding_origins: video.embedding.origins().iter().map(Origin::to_string).collect(),
        }
    }
}

impl From<Subscription> for SubscriptionView {
    fn from(subscription: Subscription) -> Self {
        let Subscription { entitlements, is_past_due } = subscription;
        SubscriptionView {
            level: entitlements.as_ref().map(Entitlements::level),
            streams: entitlements.as_ref().map(Entitlements::streams),
            until: entitlements.as_ref().and_then(Entitlements::until),
            is_past_due,
        }
    }
}
