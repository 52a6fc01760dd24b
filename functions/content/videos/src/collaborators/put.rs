//! `PUT /v1/videos/{id}/collaborators/{user_id}`: has somebody work on a video, or in another role.

use super::CollaboratorView;
use crate::edit::Asked;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::event;
use content_domain::{NotShared, Role, Video};
use content_storage::{self as storage, By, Decided, refusals_to_change};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::{ETag, IfMatch};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ShareVideoRequest")]
pub(crate) struct ShareRequest {
    /// A viewer sees the video as its owner does; an editor may change what is said of it, too.
    #[schemars(example = &"editor")]
    role: Role,
}

pub(crate) fn reference() -> Operation {
    let answer = |status, text| Answer::json::<CollaboratorView>(status, text).with(header::ETAG);
    Operation::put("/v1/videos/{id}/collaborators/{user_id}", put)
        .named("setCollaborator", "Have somebody work on a video")
        .described(
            "A viewer sees the video as its owner does, in any state but deleted, and plays it where it is private or asks for a \
            password. An editor may also change its details, captions and chapters. All else stays its owner's. Nobody looks \
            whether there is such an account. `If-Match` takes the `ETag` of the video.",
        )
        .requires(Permission::ContentEdit)
        .answers(answer(StatusCode::OK, "They have this role now, or had it already."))
        .answers(answer(StatusCode::CREATED, "They work on the video now."))
        .refuses(refusals_to_change())
        .refuses([NotShared::WithOwner, NotShared::WithTooMany].map(refused))
}

pub(crate) async fn put(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path((id, user_id)): Path<(VideoId, UserId)>,
    Json(ShareRequest { role }): Json<ShareRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let event = |change: &_| event(&context, &trace, change);
    storage::change(&context, (id, By::Owner(caller.user())), event, |video| {
        std::future::ready(decide(&context, &if_match, (user_id, role), video))
    })
    .await
}

fn decide(
    context: &Context,
    if_match: &IfMatch,
    (user_id, role): (UserId, Role),
    video: Video,
) -> Result<Decided<Response>, Problem> {
    if_match.check(video.version)?;
    let id = video.origin.id;
    let status =
        if video.collaborators.role(user_id).is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let outcome = video.share(user_id, role, context.now()).map_err(refused)?;
    let etag = [(header::ETAG, ETag(outcome.video().version).to_string())];
    let answer = (status, etag, Json(CollaboratorView { user_id, role })).into_response();
    Ok(Decided { outcome, also: Some(storage::keep_share(id, user_id)), answer })
}

fn refused(error: NotShared) -> Problem {
    let (code, title) = match error {
        NotShared::WithOwner => ("already_owner", "the video is theirs"),
        NotShared::WithTooMany => ("too_many_collaborators", "the video has as many collaborators as it can"),
    };
    Problem::new(StatusCode::CONFLICT, code, title).with_detail(error)
}
