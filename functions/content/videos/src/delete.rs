//! `DELETE /v1/videos/{id}`: hides a video from all. For 30 days its owner can have it back.

use crate::edit::{Asked, refuse};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::{VideoView, answer, deleted, event};
use content_domain::{Gone, Outcome};
use content_storage::{self as storage, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}", delete)
        .named("deleteVideo", "Delete a video")
        .described(
            "It does not exist any more, to its owner either, but in the list of those that are deleted. Until `purge_at` it \
            can be had back, and then nothing of it is left, the file that was uploaded included. Deleting it again changes nothing.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<VideoView>(StatusCode::OK, "The video, deleted.").with(header::ETAG))
        .refuses([Problem::not_found(), WriteError::Outdated.into()])
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let video =
        storage::owned_or_deleted(&context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
    let version = video.version;
    let (outcome, purge) = deleted(&context, &trace, video).map_err(|Gone| Problem::not_found())?;
    if_match.check(version)?;
    match outcome {
        Outcome::Unchanged(video) => Ok(answer(&video).into_response()),
        Outcome::Changed(change) => {
            let event = event(&context, &trace, &change);
            storage::save(&context, &change, event, purge).await.map_err(|error| refuse(error, &if_match))?;
            Ok(answer(&change.video).into_response())
        }
    }
}
