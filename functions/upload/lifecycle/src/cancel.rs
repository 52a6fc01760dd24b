//! Taking an upload back.

use crate::problems;
use crate::times::ATTEMPTS_MAX;
use mcsp_ids::{UploadId, UserId};
use mcsp_problem::Problem;
use upload_bytes::{Uploads, release, settle};
use upload_domain::{Refused, Upload};
use upload_storage::{SaveError, Written, owned, save};

/// Takes an upload back and clears the store of it, where `wanted` has nothing against it. Of one that has come to
/// nothing already there is only the clearing left to do, so it can be repeated until it succeeds.
pub async fn cancel(
    uploads: &Uploads,
    (id, owner): (UploadId, UserId),
    wanted: impl Fn(&Upload) -> Result<(), Problem>,
) -> Result<(), Problem> {
    for _ in 0..ATTEMPTS_MAX {
        let upload = owned(&uploads.context, id, owner).await?;
        wanted(&upload)?;
        match upload.clone().cancel(uploads.context.now()) {
            Ok(cancelled) => match save(&uploads.context, &cancelled, Written::default()).await {
                Ok(()) => return release(uploads, cancelled).await,
                Err(SaveError::Overtaken) => {}
                Err(error @ SaveError::Failed(_)) => return Err(error.into()),
            },
            Err(Refused::Cancelled | Refused::Expired | Refused::Mismatched(_) | Refused::Unfetched(_)) => {
                return settle(uploads, upload).await.map(drop);
            }
            Err(
                refused @ (Refused::Completed | Refused::NoParts | Refused::NotCompleted | Refused::Settled),
            ) => return Err(problems::refused(refused)),
        }
    }
    Err(SaveError::Overtaken.into())
}
