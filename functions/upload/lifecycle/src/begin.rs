//! Beginning an upload, where its owner's quota has room for it.
//!
//! The object store is not called: a multipart upload begins there with the first parts, so that an upload
//! that comes to nothing here leaves nothing there.

use crate::catalog;
use crate::quota::{self, WithoutPlan};
use crate::times::OPEN_FOR;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Caller, TraceParent};
use mcsp_ids::{UploadId, VideoId};
use mcsp_problem::{Invalid, Problem, Reason};
use mcsp_reference::Refusal;
use upload_bytes::{Uploads, prefix, settle, sweep_later};
use upload_domain::{File, Irreplaceable, Object, Plan, Protection, Quota, State, Upload};
use upload_storage::{InsertError, SaveError, Written, hold, insert, source_of, used};

/// What is to be uploaded.
pub struct Wanted {
    /// What the uploader says of the file.
    pub file: File,
    /// How its bytes come.
    pub plan: Plan,
    /// How what becomes of it is to be protected, where that is said.
    pub protection: Option<Protection>,
    /// The video that gets it: a draft its first one, any other in the place of the file that it has.
    pub replaced: Option<VideoId>,
}

/// Begins an upload of the caller's, and gives what `answered` makes of it. What that has to be remembered is part of the same
/// transaction.
pub async fn begin<A, R: IntoIterator<Item = GuardedStatement>>(
    uploads: &Uploads,
    without_plan: WithoutPlan,
    (caller, trace): (&Caller, &TraceParent),
    wanted: Wanted,
    answered: impl FnOnce(&Upload) -> Result<(A, R), Problem>,
) -> Result<A, Problem> {
    let quota = without_plan.quota(&uploads.context, caller.user()).await?;
    let (video, protection) = (wanted.replaced, wanted.protection);
    let source = match video {
        None => None,
        Some(video) => made_of(uploads, video).await?,
    };
    let upload = waiting(uploads, caller, place_for(uploads, caller, source.as_ref())?, wanted);
    let upload = match (&source, video) {
        (Some(source), _) => in_place_of(caller, source, upload, protection)?,
        (None, Some(video)) => first_file_of(uploads, trace, video, upload).await?,
        (None, None) => upload,
    };
    let (answer, recorded) = answered(&upload)?;
    let sweep = sweep_later(&uploads.context, trace, &upload);
    // The file is still the one to be replaced when this is written.
    let statements = std::iter::once(sweep).chain(recorded).chain(source.as_ref().map(hold)).collect();
    match insert(&uploads.context, &upload, quota, Written { events: Vec::new(), statements }).await {
        Ok(()) => Ok(answer),
        Err(InsertError::TooMuch) => Err(too_much(uploads, &upload, quota).await?),
        Err(InsertError::Replacing) => Err(under_way()),
        Err(InsertError::Brought) => Err(irreplaceable(Irreplaceable::NotReady)),
        Err(InsertError::Failed(error)) => Err(error.into()),
    }
}

/// How no upload begins, for the API reference.
pub fn refusals_to_begin() -> impl IntoIterator<Item = Refusal> {
    quota::refusals().into_iter().chain([no_bucket().into(), Problem::from(SaveError::Overtaken).into()])
}

/// How a video gets no file, for the API reference.
pub fn refusals_to_replace() -> impl IntoIterator<Item = Problem> {
    [Problem::not_found(), irreplaceable(Irreplaceable::NotReady), under_way()]
}

/// The upload that a video has its file from, or will have; none where Upload knows of none. One whose time is over brings nothing
/// any more, also where nobody has written that yet.
async fn made_of(uploads: &Uploads, video: VideoId) -> Result<Option<Upload>, Problem> {
    let Some(last) = source_of(&uploads.context, video).await? else { return Ok(None) };
    if !last.brought_nothing(uploads.context.now()) {
        return Ok(Some(last));
    }
    if !last.came_to_nothing() {
        settle(uploads, last).await?;
    }
    Ok(None)
}

/// The region that a file goes to, and its bucket there: where the file is that it is to replace, and else where its owner's data lives.
fn place_for<'a>(
    uploads: &'a Uploads,
    caller: &'a Caller,
    source: Option<&'a Upload>,
) -> Result<(&'a str, &'a str), Problem> {
    if let Some(source) = source {
        return Ok((source.region.as_str(), source.object.bucket.as_str()));
    }
    let region = caller.claims.region.as_str();
    let bucket = uploads.store.bucket_of(region).ok_or_else(no_bucket)?;
    Ok((region, bucket))
}

/// Has the upload replace the file that a video has from another one.
fn in_place_of(
    caller: &Caller,
    source: &Upload,
    upload: Upload,
    protection: Option<Protection>,
) -> Result<Upload, Problem> {
    if source.owner != upload.owner {
        return Err(Problem::not_found());
    }
    // What is published changes.
    caller.require(Permission::ContentPublish)?;
    if protection.is_some() {
        let detail = "must not be said of a file that replaces another: the video is protected as before";
        return Err(Invalid::problem_at("/protection", Reason::new("invalid_value", detail)));
    }
    upload.in_place_of(source).map_err(irreplaceable)
}

/// Has the upload bring the first file of a draft, as Content knows it.
async fn first_file_of(
    uploads: &Uploads,
    trace: &TraceParent,
    video: VideoId,
    upload: Upload,
) -> Result<Upload, Problem> {
    let known = catalog::find(&uploads.context, trace, video).await?;
    let known = known.filter(|known| known.owner_id == upload.owner).ok_or_else(Problem::not_found)?;
    if known.is_draft() {
        Ok(Upload { video, ..upload })
    } else {
        Err(irreplaceable(Irreplaceable::NotReady))
    }
}

fn waiting(uploads: &Uploads, caller: &Caller, (region, bucket): (&str, &str), wanted: Wanted) -> Upload {
    let Wanted { file, plan, protection, .. } = wanted;
    let now = uploads.context.now();
    let id: UploadId = uploads.context.new_id();
    Upload {
        id,
        owner: caller.user(),
        video: uploads.context.new_id(),
        replaces: false,
        version: 1,
        region: region.to_owned(),
        object: Object { bucket: bucket.to_owned(), key: format!("{}source", prefix(id)) },
        file,
        protection: protection.unwrap_or_default(),
        plan,
        multipart: None,
        state: State::Waiting,
        released: false,
        created_at: now,
        expires_at: now + OPEN_FOR,
        pulled_bytes: None,
    }
}

/// Why there is no room for an upload; a conflict where there is by now.
async fn too_much(uploads: &Uploads, upload: &Upload, quota: Quota) -> Result<Problem, Problem> {
    let used = used(&uploads.context, upload.owner).await?;
    Ok(match quota.check(used, upload.file.size_bytes) {
        Err(exceeded) => quota::exceeded(exceeded, quota, used),
        Ok(()) => SaveError::Overtaken.into(),
    })
}

fn irreplaceable(irreplaceable: Irreplaceable) -> Problem {
    match irreplaceable {
        Irreplaceable::NotReady => Problem::new(
            StatusCode::CONFLICT,
            "source_not_ready",
            "the video is no draft, and has no file that could be replaced: another upload brings it, it is being processed, has \
            failed, is kept back or deleted",
        ),
        Irreplaceable::NotLater => SaveError::Overtaken.into(),
    }
}

fn under_way() -> Problem {
    Problem::new(StatusCode::CONFLICT, "replacement_under_way", "the file of the video is being replaced")
        .with_detail("cancel the other upload, or wait until it is processed")
}

fn no_bucket() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no_bucket_for_region",
        "there is no place for media in the region of this account",
    )
}
