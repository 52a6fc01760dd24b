//! `PUT /v1/videos/{id}/visibility`: says who sees the video while it is published.

use crate::change::{Target, answered, change, refusals};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::{InvalidPlanLevel, PlanLevel, Visibility, VisibilityName};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetVisibilityRequest {
    /// Who is to see it.
    visibility: VisibilityName,
    /// The level of the plan that one must have to play it, 1 to 100; 1 by default. Only for `subscribers`.
    #[serde(default)]
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
}

/// Why nobody can be meant so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum VisibilityError {
    /// No plan has this level.
    #[error(transparent)]
    Level(#[from] InvalidPlanLevel),
    /// Those who are meant need no plan.
    #[error("must be left out where the visibility is not `subscribers`")]
    NoPlanNeeded,
}

impl SetVisibilityRequest {
    fn visibility(&self) -> Result<Visibility, VisibilityError> {
        let visibility = match self.visibility {
            VisibilityName::Subscribers => {
                let level = self.minimum_plan_level.map_or(Ok(PlanLevel::LOWEST), PlanLevel::new)?;
                return Ok(Visibility::Subscribers(level));
            }
            VisibilityName::Public => Visibility::Public,
            VisibilityName::Unlisted => Visibility::Unlisted,
            VisibilityName::Private => Visibility::Private,
        };
        if self.minimum_plan_level.is_some() { Err(VisibilityError::NoPlanNeeded) } else { Ok(visibility) }
    }
}

impl From<VisibilityError> for Problem {
    fn from(error: VisibilityError) -> Self {
        let code = match error {
            VisibilityError::Level(InvalidPlanLevel) => "out_of_range",
            VisibilityError::NoPlanNeeded => "not_for_this_visibility",
        };
        Invalid::problem_at("/minimum_plan_level", Reason::new(code, error.to_string()))
    }
}

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/visibility", set_visibility)
        .named("setVisibility", "Say who sees a video")
        .described(
            "Says who sees the video while it is published. It may be said before. What is for subscribers is seen by all \
            who have its link, and played by those whose plan has `minimum_plan_level` at least; search does not list it.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses([Problem::from(VisibilityError::NoPlanNeeded)])
}

pub(crate) async fn set_visibility(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<SetVisibilityRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let visibility = request.visibility()?;
    let target = Target { id, owner: caller.user() };
    let answer = change(
        &context,
        &trace,
        target,
        |_answer| None,
        |video| {
            if_match.check(video.version)?;
            Ok(video.with_visibility(visibility, context.now()))
        },
    )
    .await?;
    Ok(answer.into_response())
}
