//! `mcsp.upload.session.sweep_due.v1`, from a timer that every upload sets: an upload that was not completed in time
//! expires, and nothing of one that came to nothing stays in the store.

use mcsp_events::{Applied, Received, too_early};
use mcsp_problem::Problem;
use upload_bytes::{SweepDue, Uploads, settle};
use upload_storage::find;

pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let SweepDue { upload_id } = received.data()?;
    let Some(upload) = find(&uploads.context, upload_id).await? else { return Ok(Applied::Before) };
    if uploads.context.now() < upload.expires_at {
        return Err(too_early("the upload may still be completed"));
    }
    settle(uploads, upload).await?;
    Ok(received.apply(&uploads.context, Vec::new(), Vec::new()).await?)
}
