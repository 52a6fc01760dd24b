//! `DELETE /v1/videos/{id}/transfer`: an offer of a video is taken back, or declined.

use super::offered;
use crate::edit::refuse;
use axum::extract::State;
use content_contract::do_not_forget_offer;
use content_storage::{self as storage, WriteError};
use http::StatusCode;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}/transfer", delete)
        .named("deleteTransfer", "Take back or decline the offer of a video")
        .described(
            "The video's owner takes it back, and whom it is offered to declines it. `If-Match` takes the `ETag` of the offer.",
        )
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The video is offered to nobody now."))
        .refuses([Problem::not_found(), WriteError::Outdated.into()])
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(id): Path<VideoId>,
) -> Result<StatusCode, Problem> {
    let (video, offer) = offered(&context, id, caller.user()).await?;
    if_match.check(video.version)?;
    let written = storage::withdraw(&context, id, &offer, [do_not_forget_offer(id)]).await;
    written.map_err(|error| refuse(error, &if_match))?;
    Ok(StatusCode::NO_CONTENT)
}
