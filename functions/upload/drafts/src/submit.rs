//! `POST /v1/drafts/{id}/submit`: hands the draft to Content, which gives the video what it says, whether the video is there
//! already or is still to come.

use crate::problems::{self, overtaken};
use crate::view::{DraftView, answer};
use axum::extract::State;
use axum::response::Response;
use content_contract::{Draft, whole};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::kafka::Event;
use mcsp_etag::IfMatch;
use mcsp_events::{Emission, emit};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{IdempotencyKey, once};
use mcsp_ids::{DraftId, UploadId, UserId, VideoId};
use mcsp_problem::{Invalid, Path, Problem};
use mcsp_reference::{Answer, Operation};
use serde::Serialize;
use upload_storage::{KeptDraft, Written, owned, owned_draft, save_draft};

/// `mcsp.upload.draft.submitted.v1`
#[derive(Serialize)]
struct Submitted<'a> {
    draft_id: DraftId,
    upload_id: UploadId,
    video_id: VideoId,
    owner_id: UserId,
    version: i64,
    /// Of two that are said of a video, the later one counts.
    submitted_at: Timestamp,
    draft: &'a Draft,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/drafts/{id}/submit", submit)
        .named("submitDraft", "Submit a draft")
        .described(
            "Gives the upload's video what the draft says, as soon as there is a video: before, while and after the bytes are \
            sent and processed. All of the draft is looked at, and what will not do is told at once. The video takes a moment \
            to show it. Submitting it again as it is changes nothing.",
        )
        .requires(Permission::ContentPublish)
        .answers(Answer::json::<DraftView>(StatusCode::OK, "The draft is submitted.").with(header::ETAG))
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
        .refuses([problems::without_upload(), problems::upload_is_over(), overtaken()])
}

pub(crate) async fn submit(
    State(context): State<Context>,
    (caller, trace): (Caller, TraceParent),
    Path(id): Path<DraftId>,
    if_match: IfMatch,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let scope = format!("POST /v1/drafts/{id}/submit {}", caller.user());
    once(&context, &scope, key, &(), async |claim| {
        let kept = owned_draft(&context, id, caller.user()).await?;
        if_match.check(kept.version)?;
        if kept.submitted_at.is_some() {
            let answer = answer(StatusCode::OK, &kept);
            claim.keep(&context, &answer).await?;
            return Ok(answer);
        }
        let now = context.now();
        whole(&kept.draft, now)?;
        let upload = kept.upload.ok_or_else(problems::without_upload)?;
        let upload = owned(&context, upload, kept.owner).await?;
        if upload.is_over(now) {
            return Err(problems::upload_is_over());
        }
        let submitted =
            KeptDraft { version: kept.version + 1, submitted_at: Some(now), updated_at: now, ..kept };
        let answer = answer(StatusCode::OK, &submitted);
        let events = vec![event(&context, &trace, &submitted, (upload.id, upload.video))];
        let written = Written { events, statements: claim.record(&answer).into_iter().collect() };
        let saved = save_draft(&context, &submitted, written).await;
        saved.map_err(|error| problems::not_saved(error, &if_match))?;
        Ok(answer)
    })
    .await
}

/// Keyed by the video, as all else that is said of it.
fn event(
    context: &Context,
    trace: &TraceParent,
    kept: &KeptDraft,
    (upload_id, video_id): (UploadId, VideoId),
) -> Event {
    let data = Submitted {
        draft_id: kept.id,
        upload_id,
        video_id,
        owner_id: kept.owner,
        version: kept.version,
        submitted_at: kept.updated_at,
        draft: &kept.draft,
    };
    let emission = Emission {
        topic: "media.draft.submitted",
        service: "upload",
        happened: "draft.submitted",
        key: video_id,
        data,
    };
    emit(context, trace, kept.updated_at, emission)
}
