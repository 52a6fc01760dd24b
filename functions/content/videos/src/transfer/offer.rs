//! `POST /v1/videos/{id}/transfer`: offers a video to somebody.

use super::{NOT_TRANSFERABLE, TransferView, answer, refused};
use crate::edit::{Asked, refuse};
use axum::extract::State;
use axum::response::Response;
use content_contract::forget_offer_later;
use content_domain::Offer;
use content_storage::{self as storage, OfferError, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OfferVideoRequest")]
pub(crate) struct OfferRequest {
    /// Whose it is to be. Nobody looks whether there is such an account.
    to: UserId,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/transfer", offer)
        .named("offerVideo", "Offer a video to somebody")
        .described(
            "It becomes theirs once they accept, within 7 days; until then it is what it was. One offer at a time: the owner takes \
            one back before making another. `If-Match` takes the `ETag` of the video.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<TransferView>(StatusCode::CREATED, "The offer.").with(header::ETAG))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), WriteError::Outdated.into()])
        .refuses(NOT_TRANSFERABLE.map(refused))
        .refuses([pending()])
}

pub(crate) async fn offer(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<OfferRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let owner = caller.user();
    let scope = format!("{owner} transfer {id}");
    once(&context, &scope, key, &request, async |claim| {
        let video = storage::owned_or_deleted(&context, id, owner).await?;
        let video = video.filter(|video| !video.is_purged()).ok_or_else(Problem::not_found)?;
        if_match.check(video.version)?;
        video.check_transfer(request.to).map_err(refused)?;
        let offer = Offer::new(owner, request.to, context.now());
        let answer = answer(StatusCode::CREATED, &video, &offer);
        let forgotten = forget_offer_later(&context, &trace, id, &offer);
        let also = claim.record(&answer).into_iter().chain([forgotten]);
        let written = storage::offer(&context, &video, &offer, also).await;
        written.map_err(|error| match error {
            OfferError::Pending => pending(),
            OfferError::NotWritten(error) => refuse(error, &if_match),
        })?;
        Ok(answer)
    })
    .await
}

fn pending() -> Problem {
    Problem::new(StatusCode::CONFLICT, "transfer_pending", "the video is offered to somebody")
        .with_detail("take that offer back first")
}
