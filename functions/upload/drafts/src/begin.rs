//! `POST /v1/drafts`: begins a draft, with as much as there is to say yet.

use crate::problems;
use crate::view::{DraftView, answer};
use crate::written::{ATTEMPTS_MAX, WrittenDraft};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::{Answer, Operation};
use upload_storage::{DraftError, KeptDraft, Written, insert_draft};

/// Drafts of one creator.
const DRAFTS_MAX: u32 = 1_000;

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/drafts", begin)
        .named("createDraft", "Begin a draft")
        .described(
            "Keeps what there is to say of a video that is not there yet: any part of it, in any state, up to 128 KiB of JSON. A \
            draft outlives its upload, and can be given another.",
        )
        .requires(Permission::ContentEdit)
        .answers(
            Answer::json::<DraftView>(StatusCode::CREATED, "The draft has begun.")
                .with(header::LOCATION)
                .with(header::ETAG),
        )
        .refuses([Invalid::default().into_problem(), problems::upload_has_draft(), problems::too_many()])
}

pub(crate) async fn begin(
    State(context): State<Context>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<WrittenDraft>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let owner = caller.user();
    let scope = format!("POST /v1/drafts {owner}");
    once(&context, &scope, key, &request, async |claim| {
        for _ in 0..ATTEMPTS_MAX {
            let (draft, upload) = request.clone().check(&context, owner).await?;
            let (id, now) = (context.new_id(), context.now());
            let kept = KeptDraft {
                id,
                owner,
                version: 1,
                upload,
                draft,
                submitted_at: None,
                created_at: now,
                updated_at: now,
            };
            let answer =
                answer(StatusCode::CREATED, &kept).with_header(header::LOCATION, format!("/v1/drafts/{id}"));
            let statements = claim.record(&answer).into_iter().collect();
            let written = Written { events: Vec::new(), statements };
            match insert_draft(&context, &kept, DRAFTS_MAX, written).await {
                Ok(()) => return Ok(answer),
                Err(DraftError::UploadLost) => {}
                Err(DraftError::Overtaken) => return Err(problems::too_many()),
                Err(DraftError::UploadTaken) => return Err(problems::upload_has_draft()),
                Err(DraftError::Failed(error)) => return Err(error.into()),
            }
        }
        Err(problems::overtaken())
    })
    .await
}
