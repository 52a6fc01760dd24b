//! `mcsp.upload.session.sweep_due.v1`, from a timer that every upload sets: an upload that was not completed in time
//! expires. By now every URL that was signed for it is worthless, and of all that was sent with them the file that was
//! announced stays in the store, and nothing else; its token is good for nothing.

use mcsp_events::{Applied, Received, too_early};
use mcsp_problem::Problem;
use upload_bytes::{SweepDue, Uploads, remove, settle, tidy};
use upload_storage::{find, forget_token};

pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let SweepDue { upload_id, bucket } = received.data()?;
    let Some(upload) = find(&uploads.context, upload_id).await? else {
        // Its account was erased, and the store cleared; a URL may have been good for longer.
        if let Some(bucket) = &bucket {
            remove(uploads, (bucket, upload_id), None).await?;
        }
        return Ok(Applied::Before);
    };
    if uploads.context.now() < upload.expires_at {
        return Err(too_early("the upload may still be completed"));
    }
    let settled = settle(uploads, upload).await?;
    tidy(uploads, &settled).await?;
    Ok(received.apply(&uploads.context, vec![forget_token(upload_id)], Vec::new()).await?)
}
