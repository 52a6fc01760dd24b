//! `POST /v1/uploads/{id}/complete`: looks at what has arrived, and announces it to the pipeline.
//!
//! The announcement and the state are one transaction, guarded by the version: of any number of requests one
//! announces, and all of them give the same answer.

use crate::problems;
use crate::refuse::refuse;
use crate::times::ATTEMPTS_MAX;
use crate::verify::{Unverified, discard, verify};
use crate::view::CONTENT_TYPES;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::kafka::Event;
use mcsp_events::{Emission, emit};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, RequiredIdempotencyKey, once};
use mcsp_ids::{DraftId, UploadId, UserId, VideoId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use upload_bytes::{Uploads, unavailable};
use upload_domain::{Mismatch, Refused, State, Upload};
use upload_storage::{SaveError, Written, draft_of, owned, save};

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

/// `mcsp.upload.session.initiated.v1`
#[derive(Serialize)]
struct Initiated<'a> {
    upload_id: UploadId,
    video_id: VideoId,
    owner_id: UserId,
    version: i64,
    region: &'a str,
    /// `none` or `cenc`.
    protection: &'static str,
    object: StoredObject<'a>,
    /// What its owner writes about the video, where they have begun to.
    draft_id: Option<DraftId>,
}

#[derive(Serialize)]
struct StoredObject<'a> {
    bucket: &'a str,
    key: &'a str,
    size_bytes: u64,
    content_type: &'a str,
    /// Base64, where the uploader gave it.
    checksum_sha256: Option<&'a str>,
}

pub(crate) fn reference() -> Operation {
    let refusals = [
        Refused::Cancelled,
        Refused::Expired,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ];
    Operation::post("/v1/uploads/{id}/complete", complete)
        .named("completeUpload", "Complete an upload")
        .described(
            "Looks at what the store has, and hands the file to the pipeline. What is still missing can be sent, and \
            the upload completed then (`object_missing`, `parts_missing`); what is not as declared fails the upload for \
            good (422). However often an upload is completed, it is handed over once, and the answer is the same.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answered::json::<CompletedView>(StatusCode::OK, "The upload is complete, and processing begins."))
        .refuses(refusals.map(problems::refused))
        .refuses([missing(&Unverified::NothingThere), parts_missing(), Problem::not_found()])
        .refuses([Problem::from(SaveError::Overtaken)])
}

pub(crate) async fn complete(
    uploads: Uploads,
    caller: Caller,
    trace: TraceParent,
    Path(id): Path<UploadId>,
    RequiredIdempotencyKey(key): RequiredIdempotencyKey,
) -> Result<Response, Problem> {
    caller.require(Permission::MediaUpload)?;
    let scope = format!("POST /v1/uploads/{id}/complete {}", caller.user());
    once(&uploads.context, &scope, Some(key), &(), async |claim| {
        for _ in 0..ATTEMPTS_MAX {
            let upload = owned(&uploads.context, id, caller.user()).await?;
            if let Some(initiated_at) = upload.initiated_at() {
                let answer = answer(&upload, initiated_at);
                claim.keep(&uploads.context, &answer).await?;
                return Ok(answer);
            }
            match attempt(&uploads, &trace, &claim, upload).await {
                Ok(answer) => return Ok(answer),
                Err(Error::Overtaken) => {}
                Err(Error::Failed(problem)) => return Err(problem),
            }
        }
        Err(SaveError::Overtaken.into())
    })
    .await
}

/// Why an attempt came to no answer.
enum Error {
    /// Another request changed the upload: look again.
    Overtaken,
    Failed(Problem),
}

impl From<SaveError> for Error {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Overtaken => Error::Overtaken,
            SaveError::Failed(_) => Error::Failed(error.into()),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Error::Failed(problems::refused(refused))
    }
}

async fn attempt(
    uploads: &Uploads,
    trace: &TraceParent,
    claim: &Claim,
    upload: Upload,
) -> Result<Answer, Error> {
    let context = &uploads.context;
    let verifying = begin(uploads, upload).await?;
    match verify(uploads, &verifying).await {
        Ok(key) => {
            let announced = announce(uploads, trace, claim, (verifying.clone(), key.clone())).await;
            // Of the two copies of a file in one piece the one is not wanted any more, or the other.
            match &announced {
                Ok(_) => discard(uploads, &verifying, &verifying.object.key).await,
                // It may be announced all the same where the answer was lost.
                Err(Error::Failed(_)) => {}
                Err(Error::Overtaken) => discard(uploads, &verifying, &key).await,
            }
            announced
        }
        Err(unverified @ (Unverified::NothingThere | Unverified::PartsMissing(_))) => {
            save(context, &verifying.resume()?, Written::default()).await?;
            Err(Error::Failed(missing(&unverified)))
        }
        Err(Unverified::Mismatched(mismatch)) => {
            let failed = verifying.reject(mismatch)?;
            save(context, &failed, Written::default()).await?;
            Err(Error::Failed(refuse(uploads, failed, Refused::Mismatched(mismatch)).await))
        }
        // It stays `verifying`: the same request, sent again, goes on from there.
        Err(Unverified::Store(error)) => Err(Error::Failed(unavailable(error))),
    }
}

/// Writes that the file is whole and kept under this key, and announces it.
async fn announce(
    uploads: &Uploads,
    trace: &TraceParent,
    claim: &Claim,
    (verifying, key): (Upload, String),
) -> Result<Answer, Error> {
    let (context, now) = (&uploads.context, uploads.context.now());
    let initiated = verifying.initiate(key, now)?;
    let answer = answer(&initiated, now);
    let draft = draft_of(context, initiated.id).await.map_err(Error::Failed)?;
    let events = vec![announcement(context, trace, &initiated, draft)];
    let statements = claim.record(&answer).into_iter().collect();
    save(context, &initiated, Written { events, statements }).await?;
    Ok(answer)
}

/// Writes that the upload is being verified, unless another request has.
async fn begin(uploads: &Uploads, upload: Upload) -> Result<Upload, Error> {
    let now = uploads.context.now();
    if *upload.state_at(now) == State::Verifying {
        return Ok(upload);
    }
    match upload.clone().begin_verifying(now) {
        Ok(verifying) => {
            save(&uploads.context, &verifying, Written::default()).await?;
            Ok(verifying)
        }
        Err(refused) => Err(Error::Failed(refuse(uploads, upload, refused).await)),
    }
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

fn announcement(context: &Context, trace: &TraceParent, upload: &Upload, draft_id: Option<DraftId>) -> Event {
    let object = StoredObject {
        bucket: &upload.object.bucket,
        key: &upload.object.key,
        size_bytes: upload.file.size_bytes,
        content_type: upload.file.content_type.as_str(),
        checksum_sha256: upload.file.checksum_sha256.as_ref().map(|checksum| checksum.as_str()),
    };
    let data = Initiated {
        upload_id: upload.id,
        video_id: upload.video,
        owner_id: upload.owner,
        version: upload.version,
        region: &upload.region,
        protection: upload.protection.as_str(),
        object,
        draft_id,
    };
    let emission = Emission {
        topic: "media.upload.initiated",
        service: "upload",
        happened: "session.initiated",
        key: upload.id,
        data,
    };
    emit(context, trace, context.now(), emission)
}

/// The uploader may send what is missing and complete again.
fn missing(unverified: &Unverified) -> Problem {
    match unverified {
        Unverified::PartsMissing(short) => parts_missing().with_detail(short),
        Unverified::NothingThere | Unverified::Mismatched(_) | Unverified::Store(_) => {
            Problem::new(StatusCode::CONFLICT, "object_missing", "the store does not have the file")
        }
    }
}

fn parts_missing() -> Problem {
    Problem::new(StatusCode::CONFLICT, "parts_missing", "the store does not have all parts in their sizes")
}
