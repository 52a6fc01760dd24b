//! `POST /v1/videos/{id}/unpublish`: takes a published video back.

use crate::change::{Target, change};
use axum::extract::State;
use axum::response::Response;
use content_domain::NotPublished;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};

/// Why the video was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum UnpublishError {
    #[error(transparent)]
    Decided(#[from] NotPublished),
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
        let remember = |answer: &_| claim.record(answer);
        change(&context, &trace, target, remember, |video| {
            Ok(video.unpublish(context.now()).map_err(UnpublishError::from)?)
        })
        .await
    })
    .await
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
