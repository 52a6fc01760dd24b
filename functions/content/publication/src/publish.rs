//! `POST /v1/videos/{id}/publish`: shows a ready video to whom its visibility says. `media.published` is
//! emitted once for each publication, however often it is asked for.

use crate::change::{Target, answered, change, refusals};
use axum::extract::State;
use axum::response::Response;
use content_domain::{NotPublishable, Outcome, Video};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

/// Why the video was not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Decided(#[from] NotPublishable),
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/publish", publish)
        .named("publishVideo", "Publish a video")
        .described(
            "Shows a ready video to whom its visibility says. Publishing a published video changes nothing.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses(
            [
                NotPublishable::Processing,
                NotPublishable::Failed,
                NotPublishable::Untitled,
                NotPublishable::Blocked,
            ]
            .map(|refusal| Problem::from(PublishError::from(refusal))),
        )
}

pub(crate) async fn publish(
    State(context): State<Context>,
    caller: Caller,
    trace: TraceParent,
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let target = Target { id, owner: caller.user() };
    let scope = format!("{} publish {id}", target.owner);
    once(&context, &scope, key, &(), async |claim| {
        let remember = |_: &_, answer: &_| claim.record(answer);
        change(&context, &trace, target, remember, |video| decide(video, context.now())).await
    })
    .await
}

/// The same of one among many.
pub(crate) fn decide(video: Video, now: Timestamp) -> Result<Outcome, Problem> {
    Ok(video.publish(now).map_err(PublishError::from)?)
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let (code, title) = match error {
            PublishError::Decided(NotPublishable::Processing) => {
                ("not_ready", "the video has no file yet, or it is still being processed")
            }
            PublishError::Decided(NotPublishable::Failed) => {
                ("processing_failed", "the video could not be processed")
            }
            PublishError::Decided(NotPublishable::Untitled) => {
                ("title_missing", "a video needs a title before it can be published")
            }
            PublishError::Decided(NotPublishable::Blocked) => ("video_blocked", "the video is blocked"),
        };
        Problem::new(StatusCode::CONFLICT, code, title)
    }
}
