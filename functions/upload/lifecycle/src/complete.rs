//! Completing an upload: looks at what has arrived, and announces it to the pipeline.
//!
//! The announcement and the state are one transaction, guarded by the version: of any number of requests one
//! announces, and all of them come to the same.

use crate::problems;
use crate::refuse::refuse;
use crate::times::ATTEMPTS_MAX;
use crate::verify::{Unverified, discard, verify};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Emission, emit};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{DraftId, UploadId, UserId, VideoId};
use mcsp_problem::Problem;
use serde::Serialize;
use upload_bytes::{Uploads, unavailable};
use upload_domain::{Mismatch, Refused, State, Upload};
use upload_storage::{SaveError, Written, draft_of, owned, save};

/// An upload that was completed.
#[derive(Clone, Debug)]
pub struct Completed {
    /// As it is now.
    pub upload: Upload,
    /// When it was announced.
    pub initiated_at: Timestamp,
    /// Whether this was the request that announced it.
    pub is_new: bool,
}

/// `mcsp.upload.session.initiated.v1`
#[derive(Serialize)]
struct Initiated<'a> {
    upload_id: UploadId,
    video_id: VideoId,
    /// Whether the video was there before, and gets this file in the place of the one that it has.
    replaces: bool,
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

/// How an upload is not completed, for the API reference.
pub fn refusals_to_complete() -> impl IntoIterator<Item = Problem> {
    let refusals = [
        Refused::Cancelled,
        Refused::Expired,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ];
    let missing = [missing(&Unverified::NothingThere), parts_missing()];
    let others = [Problem::not_found(), Problem::from(SaveError::Overtaken)];
    refusals
        .map(problems::refused)
        .into_iter()
        .chain(problems::refusals_of_unfetched())
        .chain(missing)
        .chain(others)
}

/// Completes the owner's upload. What `recorded` gives for the upload that is announced, and when, is part of that transaction.
pub async fn complete(
    uploads: &Uploads,
    trace: &TraceParent,
    (id, owner): (UploadId, UserId),
    recorded: impl Fn(&Upload, Timestamp) -> Option<GuardedStatement>,
) -> Result<Completed, Problem> {
    for _ in 0..ATTEMPTS_MAX {
        let upload = owned(&uploads.context, id, owner).await?;
        if let Some(initiated_at) = upload.initiated_at() {
            return Ok(Completed { upload, initiated_at, is_new: false });
        }
        match attempt(uploads, trace, &recorded, upload).await {
            Ok(completed) => return Ok(completed),
            Err(Error::Overtaken) => {}
            Err(Error::Failed(problem)) => return Err(problem),
        }
    }
    Err(SaveError::Overtaken.into())
}

/// Why an attempt came to nothing.
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
    recorded: &impl Fn(&Upload, Timestamp) -> Option<GuardedStatement>,
    upload: Upload,
) -> Result<Completed, Error> {
    let context = &uploads.context;
    let verifying = begin(uploads, upload).await?;
    match verify(uploads, &verifying).await {
        Ok(key) => {
            let announced = announce(uploads, trace, recorded, (verifying.clone(), key.clone())).await;
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
    recorded: &impl Fn(&Upload, Timestamp) -> Option<GuardedStatement>,
    (verifying, key): (Upload, String),
) -> Result<Completed, Error> {
    let (context, now) = (&uploads.context, uploads.context.now());
    let initiated = verifying.initiate(key, now)?;
    let draft = draft_of(context, initiated.id).await.map_err(Error::Failed)?;
    let events = vec![announcement(context, trace, &initiated, draft)];
    let statements = recorded(&initiated, now).into_iter().collect();
    save(context, &initiated, Written { events, statements }).await?;
    Ok(Completed { upload: initiated, initiated_at: now, is_new: true })
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
        replaces: upload.replaces,
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
