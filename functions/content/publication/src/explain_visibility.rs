//! `GET /v1/videos/{id}/explain-visibility`: whether somebody sees a video, and all that it was decided on: for whoever is asked for
//! help.

use axum::extract::State;
use content_contract::Regions;
use content_domain::{
    Decision, Hidden, Region, Role, State as VideoState, StateName, Video, Viewer, VisibilityName, Way,
    hindrances,
};
use content_storage as storage;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Json, Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainRequest {
    /// Who would look; without, somebody who has not signed in.
    r#as: Option<UserId>,
    /// Where the viewer would be, as the access token would say; without, that is not known. Only of an account.
    #[serde(default, deserialize_with = "region")]
    #[schemars(with = "Option<String>", example = &"eu")]
    region: Option<Region>,
}

/// Whether somebody sees a video, and why.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VisibilityExplanation")]
pub(crate) struct ExplanationView {
    video_id: VideoId,
    /// As in the ETag: what all of it was decided on.
    #[schemars(example = 7)]
    version: i64,
    /// When that came to be.
    updated_at: Timestamp,
    /// By the video's id.
    by_link: WayView,
    /// By search, where nobody is shown more than others in the same region.
    by_search: WayView,
    facts: FactsView,
}

/// Whether the video is shown to who comes this way.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WayExplanation")]
struct WayView {
    /// Whether it is.
    shown: bool,
    /// All that hides it, what weighs most first: each of it would do. Nothing else is missing.
    #[schemars(example = ["region_denied"])]
    hidden_by: Vec<Hidden>,
}

/// What it was decided on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VisibilityFacts")]
struct FactsView {
    /// Whose it is: by its link its owner sees it whatever hides it from others, unless it is deleted.
    owner_id: FactView<UserId>,
    /// Where the viewer is; null where that is not known, and only what is shown everywhere is shown.
    viewer_region: FactView<String>,
    /// Since when it is deleted; null where it is not.
    deleted_at: FactView<Timestamp>,
    /// The last decision on it; null where there was none.
    decision: FactView<DecisionView>,
    /// Whether it is kept back because its owner's account is suspended, closed or gone.
    withheld_by_account: FactView<bool>,
    /// Where it is on its way, beneath what keeps it back.
    state: FactView<StateName>,
    /// Who sees it while it is published.
    visibility: FactView<VisibilityName>,
    /// Where it is shown.
    regions: FactView<Regions>,
    /// What the viewer does beside its owner; null where that is nothing. By its link who works on it sees it as its owner does.
    collaborates_as: FactView<Role>,
}

/// A fact, with who told it.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct FactView<T> {
    /// Null where there is none.
    value: Option<T>,
    told_by: Source,
}

/// Who told a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "VisibilitySource")]
enum Source {
    /// Who asks for the explanation. A viewer's own access token tells it otherwise.
    Question,
    /// The video's owner.
    Owner,
    /// Upload, with `media.upload.initiated`; whose it is may have changed since by a transfer.
    Upload,
    /// The pipeline, with `media.processing.changed`.
    Pipeline,
    /// Who moderates, with `admin.decision.made`.
    Moderation,
    /// Auth, with `user.account.changed`.
    Account,
}

/// What was decided on the video.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VisibilityDecision")]
struct DecisionView {
    /// One more with each decision.
    #[schemars(example = 2)]
    version: i64,
    /// Whether it is blocked from then on.
    blocked: bool,
}

fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Region>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Region::parse(&text).map(Some).map_err(|_unfit| {
        D::Error::custom("unusable, expected a region of 1 to 16 letters, digits and hyphens")
    })
}

impl ExplainRequest {
    fn viewer(self) -> Result<Viewer, Problem> {
        match (self.r#as, self.region) {
            (Some(id), region) => Ok(Viewer::User { id, region }),
            (None, None) => Ok(Viewer::Anyone),
            (None, Some(_)) => Err(Problem::invalid_parameter(
                "region",
                "only of an account it is known where it is: name one by `as`",
            )),
        }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/{id}/explain-visibility", explain_visibility)
        .named("explainVisibility", "Explain why somebody sees a video, or does not")
        .described(
            "Whether the video is shown to this viewer by its link and by search, and all that hides it, as the same function \
            decides it that decides for the viewer; and each fact that it was decided on, with who told it. Also of what is \
            deleted. Whether it may be played, `explainPlayback` tells.",
        )
        .requires(Permission::ContentExplain)
        .answers(Answer::json::<ExplanationView>(StatusCode::OK, "The decision."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn explain_visibility(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<VideoId>,
    Query(request): Query<ExplainRequest>,
) -> Result<Json<ExplanationView>, Problem> {
    caller.require(Permission::ContentExplain)?;
    let viewer = request.viewer()?;
    let video = storage::find(&context, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(explained(&video, &viewer)))
}

fn explained(video: &Video, viewer: &Viewer) -> ExplanationView {
    let by = |way| {
        let hidden_by: Vec<_> = hindrances(video, viewer, way).collect();
        WayView { shown: hidden_by.is_empty(), hidden_by }
    };
    let decision = video.withheld.decision;
    ExplanationView {
        video_id: video.origin.id,
        version: video.version,
        updated_at: video.updated_at,
        by_link: by(Way::Link),
        by_search: by(Way::Search),
        facts: FactsView {
            owner_id: FactView::of(video.origin.owner, teller_of_owner(video)),
            viewer_region: FactView::of(viewer.region().map(Region::to_string), Source::Question),
            deleted_at: FactView::of(video.deletion.map(|deletion| deletion.at), Source::Owner),
            decision: FactView::of(decision.map(DecisionView::from), Source::Moderation),
            withheld_by_account: FactView::of(video.withheld.by_account, Source::Account),
            state: FactView::of(video.state.name(), teller_of_state(video)),
            visibility: FactView::of(video.visibility.name(), Source::Owner),
            regions: FactView::of(Regions::from(&video.regions), Source::Owner),
            collaborates_as: FactView::of(role(video, viewer), Source::Owner),
        },
    }
}

/// Of a draft nobody else knows.
fn teller_of_owner(video: &Video) -> Source {
    if video.origin.upload.is_some() { Source::Upload } else { Source::Owner }
}

fn role(video: &Video, viewer: &Viewer) -> Option<Role> {
    match viewer {
        Viewer::User { id, .. } => video.collaborators.role(*id),
        Viewer::Anyone | Viewer::Service => None,
    }
}

fn teller_of_state(video: &Video) -> Source {
    match &video.state {
        VideoState::Draft => Source::Owner,
        VideoState::Processing => Source::Upload,
        // Who has deleted it has ended it.
        VideoState::Failed(_) if video.is_purged() => Source::Owner,
        VideoState::Ready(_) | VideoState::Failed(_) => Source::Pipeline,
        VideoState::Published { .. } | VideoState::Unpublished { .. } => Source::Owner,
    }
}

impl<T> FactView<T> {
    fn of(value: impl Into<Option<T>>, told_by: Source) -> Self {
        FactView { value: value.into(), told_by }
    }
}

impl From<Decision> for DecisionView {
    fn from(Decision { version, blocked }: Decision) -> Self {
        DecisionView { version, blocked }
    }
}
