//! Beginning with the first byte.

use mcsp_ids::{UploadId, UserId};
use mcsp_problem::Problem;
use upload_bytes::Uploads;
use upload_domain::{PartPlan, Upload};
use upload_lifecycle::{ATTEMPTS_MAX, begin_parts};
use upload_storage::{SaveError, owned};

/// The upload with its multipart upload at the store, which the first bytes begin; as long as it is `open`.
pub async fn begun(
    uploads: &Uploads,
    (id, owner): (UploadId, UserId),
    open: impl Fn(&Upload) -> Result<PartPlan, Problem>,
) -> Result<(Upload, PartPlan), Problem> {
    for _ in 0..ATTEMPTS_MAX {
        let upload = owned(&uploads.context, id, owner).await?;
        let plan = open(&upload)?;
        if upload.multipart.is_some() {
            return Ok((upload, plan));
        }
        if let Some(begun) = begin_parts(uploads, upload, false).await? {
            return Ok((begun, plan));
        }
    }
    Err(SaveError::Overtaken.into())
}
