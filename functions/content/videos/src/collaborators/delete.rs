//! `DELETE /v1/videos/{id}/collaborators/{user_id}`: has somebody work on a video no more, as its owner or they themselves want it.

use crate::edit::Asked;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::event;
use content_domain::{Outcome, Video};
use content_storage::{self as storage, By, Decided, refusals_to_change};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}/collaborators/{user_id}", delete)
        .named("deleteCollaborator", "Have somebody work on a video no more")
        .described(
            "Its owner takes anybody away, for which the permission `content.edit` is needed; everyone takes themselves away. To take \
            away who does not work on it changes nothing. `If-Match` takes the `ETag` of the video.",
        )
        .answers(Answer::empty(StatusCode::NO_CONTENT, "They do not work on the video now."))
        .refuses(refusals_to_change())
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path((id, user_id)): Path<(VideoId, UserId)>,
) -> Result<Response, Problem> {
    let (event, user) = (|change: &_| event(&context, &trace, change), caller.user());
    let decide = |video| std::future::ready(decide(&context, &if_match, user_id, video));
    if user == user_id {
        return storage::change(&context, (id, By::Collaborator(user)), event, decide).await;
    }
    // To whom it is hidden it does not exist, whatever they are permitted.
    storage::owned(&context, id, user).await?.ok_or_else(Problem::not_found)?;
    caller.require(Permission::ContentEdit)?;
    storage::change(&context, (id, By::Owner(user)), event, decide).await
}

fn decide(
    context: &Context,
    if_match: &IfMatch,
    user_id: UserId,
    video: Video,
) -> Result<Decided<Response>, Problem> {
    if_match.check(video.version)?;
    let id = video.origin.id;
    let outcome = video.unshare(user_id, context.now());
    let also = matches!(outcome, Outcome::Changed(_)).then(|| storage::forget_share(id, user_id));
    Ok(Decided { outcome, also, answer: StatusCode::NO_CONTENT.into_response() })
}
