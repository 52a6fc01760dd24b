//! `POST /v1/uploads/{id}/complete`: looks at what has arrived, and announces it to the pipeline; of any number of requests one
//! announces, and all of them give the same answer.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::TraceParent;
use mcsp_idempotency::{Answer, RequiredIdempotencyKey, once};
use mcsp_ids::{UploadId, VideoId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use upload_bytes::Uploads;
use upload_domain::{State, Upload};
use upload_lifecycle::{CONTENT_TYPES, Uploader, complete as complete_upload, refusals_to_complete};

/// What a completed upload is answered with, now and on every repetition: nothing in it changes any more.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletedUpload")]
struct CompletedView {
    id: UploadId,
    video_id: VideoId,
    /// Processing begins.
    #[schemars(extend("const" = "initiated"))]
    state: &'static str,
    /// The size of the file.
    #[schemars(example = 1_048_576)]
    size_bytes: u64,
    /// Its media type.
    #[schemars(extend("enum" = CONTENT_TYPES))]
    content_type: &'static str,
    /// When it was completed.
    initiated_at: Timestamp,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/uploads/{id}/complete", complete)
        .named("completeUpload", "Complete an upload")
        .described(
            "Looks at what the store has, and hands the file to the pipeline. What is still missing can be sent, and \
            the upload completed then (`object_missing`, `parts_missing`); what is not as declared fails the upload for \
            good (422). However often an upload is completed, it is handed over once, and the answer is the same.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answered::json::<CompletedView>(StatusCode::OK, "The upload is complete, and processing begins."))
        .refuses(refusals_to_complete())
}

pub(crate) async fn complete(
    uploads: Uploads,
    uploader: Uploader,
    trace: TraceParent,
    Path(id): Path<UploadId>,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
) -> Result<Response, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    let scope = format!("POST /v1/uploads/{id}/complete {owner}");
    once(&uploads.context, &scope, Some(key), &(), async |claim| {
        let recorded = |upload: &Upload, initiated_at| claim.record(&answer(upload, initiated_at));
        let completed = complete_upload(&uploads, &trace, (id, owner), recorded).await?;
        let answer = answer(&completed.upload, completed.initiated_at);
        if !completed.is_new {
            claim.keep(&uploads.context, &answer).await?;
        }
        Ok(answer)
    })
    .await
}

fn answer(upload: &Upload, initiated_at: Timestamp) -> Answer {
    let view = CompletedView {
        id: upload.id,
        video_id: upload.video,
        state: State::Initiated { at: initiated_at }.name(),
        size_bytes: upload.file.size_bytes,
        content_type: upload.file.content_type.as_str(),
        initiated_at,
    };
    Answer::json(StatusCode::OK, &view)
}
