//! What events about uploads have in common: decide, write, and clear the store of what is over.

use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;
use upload_bytes::{Uploads, release};
use upload_domain::{Refused, Upload};
use upload_storage::update;

/// Applies what an event says of uploads, of all or of none. The store is cleared where that ends one, also where it was over
/// already: a delivery that broke off may have left this to do.
pub(crate) async fn settle(
    uploads: &Uploads,
    received: &Received,
    told_of: Vec<Upload>,
    decide: impl Fn(Upload) -> Result<Upload, Refused>,
    refuse: impl FnOnce(&Refused) -> Problem,
) -> Result<Applied, Problem> {
    let (mut written, mut settled) = (Vec::new(), Vec::new());
    for upload in told_of {
        match decide(upload.clone()) {
            Ok(changed) => {
                written.push(update(&changed));
                settled.push(changed);
            }
            Err(Refused::Settled) => settled.push(upload),
            Err(
                refused @ (Refused::NotCompleted
                | Refused::Completed
                | Refused::Cancelled
                | Refused::Expired
                | Refused::Mismatched(_)
                | Refused::Unfetched(_)
                | Refused::NoParts),
            ) => return Err(refuse(&refused)),
        }
    }
    let applied = if written.is_empty() {
        Applied::Ignored
    } else {
        received.apply(&uploads.context, written, Vec::new()).await?
    };
    for upload in settled {
        release(uploads, upload).await?;
    }
    Ok(applied)
}
