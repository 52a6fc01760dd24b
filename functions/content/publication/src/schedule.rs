//! `PUT /v1/videos/{id}/schedule`: has a video published by itself, by a timer that is committed with it.

use crate::change::{Target, answered, change, refusals};
use crate::publish::PublishError;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::plan;
use content_domain::{NotPublishable, NotSchedulable};
use http::StatusCode;
use jiff::Timestamp;
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
pub(crate) struct ScheduleRequest {
    /// When it is to be published: ahead, and within a year.
    publish_at: Timestamp,
}

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

/// Why no publication is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum ScheduleError {
    #[error(transparent)]
    Decided(#[from] NotSchedulable),
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/schedule", schedule)
        .named("scheduleVideo", "Have a video published later")
        .described(
            "Has a video that has a title published by itself, when its time comes and it is ready: also a draft, and one that is \
            still being processed. Said again, the later word counts. Who has its link and would see it then is told by playback until when to wait.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses(
            [
                NotSchedulable::Published,
                NotSchedulable::Over,
                NotPublishable::Failed.into(),
                NotPublishable::Untitled.into(),
            ]
            .map(|refusal| Problem::from(ScheduleError::from(refusal))),
        )
}

pub(crate) async fn schedule(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(ScheduleRequest { publish_at }): Json<ScheduleRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let target = Target { id, owner: caller.user() };
    // Of one that is not ready yet it is set when it is.
    let timer = |video: &_, _: &_| plan(&context, &trace, video);
    let answer = change(&context, &trace, target, timer, |video| {
        if_match.check(video.version)?;
        Ok(video.schedule(publish_at, context.now()).map_err(ScheduleError::from)?)
    })
    .await?;
    Ok(answer.into_response())
}

impl From<ScheduleError> for Problem {
    fn from(error: ScheduleError) -> Self {
        let ScheduleError::Decided(error) = error;
        match error {
            NotSchedulable::NotPublishable(error) => PublishError::from(error).into(),
            NotSchedulable::Published => {
                Problem::new(StatusCode::CONFLICT, "already_published", "the video is published")
            }
            NotSchedulable::Over | NotSchedulable::TooFar => {
                Invalid::problem_at("/publish_at", Reason::new("out_of_range", error.to_string()))
            }
        }
    }
}
