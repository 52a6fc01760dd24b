//! `POST /v1/videos/{id}/unpublish`: takes a published video back.

use crate::change::{Target, answered, change, refusals};
use axum::extract::State;
use axum::response::Response;
use content_domain::{NotPublished, Outcome, Video};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

/// Why the video was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum UnpublishError {
    #[error(transparent)]
    Decided(#[from] NotPublished),
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/unpublish", unpublish)
        .named("unpublishVideo", "Take a video back")
        .described("Hides a published video from all but its owner. Doing it again changes nothing, and the video can be published again.")
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses([Problem::from(UnpublishError::Decided(NotPublished))])
}

pub(crate) async fn unpublish(
    State(context): State<Context>,
    caller: Caller,
    trace: TraceParent,
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let target = Target { id, owner: caller.user() };
    let scope = format!("{} unpublish {id}", target.owner);
    once(&context, &scope, key, &(), async |claim| {
        let remember = |_: &_, answer: &_| claim.record(answer);
        change(&context, &trace, target, remember, |video| decide(video, context.now())).await
    })
    .await
}

/// The same of one among many.
pub(crate) fn decide(video: Video, now: Timestamp) -> Result<Outcome, Problem> {
    Ok(video.unpublish(now).map_err(UnpublishError::from)?)
}

impl From<UnpublishError> for Problem {
    fn from(error: UnpublishError) -> Self {
        match error {
            UnpublishError::Decided(NotPublished) => {
                Problem::new(StatusCode::CONFLICT, "not_published", "the video was never published")
            }
        }
    }
}
