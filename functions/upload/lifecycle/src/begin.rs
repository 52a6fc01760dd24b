//! Beginning an upload, where its owner's quota has room for it.
//!
//! The object store is not called: a multipart upload begins there with the first parts, so that an upload
//! that comes to nothing here leaves nothing there.

use crate::quota::{self, WithoutPlan};
use crate::times::OPEN_FOR;
use http::StatusCode;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Caller, TraceParent};
use mcsp_ids::UploadId;
use mcsp_problem::Problem;
use mcsp_reference::Refusal;
use upload_bytes::{Uploads, prefix, sweep_later};
use upload_domain::{File, Object, Plan, Protection, Quota, State, Upload};
use upload_storage::{InsertError, SaveError, Written, insert, used};

/// Begins an upload of the caller's, and gives what `answered` makes of it. What that has to be remembered is part of the same
/// transaction.
pub async fn begin<A>(
    uploads: &Uploads,
    without_plan: WithoutPlan,
    (caller, trace): (&Caller, &TraceParent),
    (file, plan, protection): (File, Plan, Protection),
    answered: impl FnOnce(&Upload) -> Result<(A, Option<GuardedStatement>), Problem>,
) -> Result<A, Problem> {
    let bucket = uploads.store.bucket_of(&caller.claims.region).ok_or_else(no_bucket)?;
    let quota = without_plan.quota(&uploads.context, caller.user()).await?;
    let upload = Upload { protection, ..waiting(uploads, caller, bucket, file, plan) };
    let (answer, recorded) = answered(&upload)?;
    let sweep = sweep_later(&uploads.context, trace, &upload);
    let statements = std::iter::once(sweep).chain(recorded).collect();
    match insert(&uploads.context, &upload, quota, Written { events: Vec::new(), statements }).await {
        Ok(()) => Ok(answer),
        Err(InsertError::TooMuch) => Err(too_much(uploads, &upload, quota).await?),
        Err(InsertError::Failed(error)) => Err(error.into()),
    }
}

/// How no upload begins, for the API reference.
pub fn refusals_to_begin() -> impl IntoIterator<Item = Refusal> {
    quota::refusals().into_iter().chain([no_bucket().into(), Problem::from(SaveError::Overtaken).into()])
}

fn waiting(uploads: &Uploads, caller: &Caller, bucket: &str, file: File, plan: Plan) -> Upload {
    let now = uploads.context.now();
    let id: UploadId = uploads.context.new_id();
    Upload {
        id,
        owner: caller.user(),
        video: uploads.context.new_id(),
        version: 1,
        region: caller.claims.region.clone(),
        object: Object { bucket: bucket.to_owned(), key: format!("{}source", prefix(id)) },
        file,
        protection: Protection::None,
        plan,
        multipart: None,
        state: State::Waiting,
        released: false,
        created_at: now,
        expires_at: now + OPEN_FOR,
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

fn no_bucket() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no_bucket_for_region",
        "there is no place for media in the region of this account",
    )
}
