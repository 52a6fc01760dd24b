//! What events about an upload have in common: decide, write, and clear the store of what is over.

use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;
use upload_bytes::{Uploads, release};
use upload_domain::{Refused, Upload};
use upload_storage::update;

/// Applies what an event says of an upload. The store is cleared where that ends it, also where it was over already: a delivery
/// that broke off may have left this to do.
pub(crate) async fn settle(
    uploads: &Uploads,
    received: &Received,
    upload: Upload,
    decide: impl FnOnce(Upload) -> Result<Upload, Refused>,
    refuse: impl FnOnce(&Refused) -> Problem,
) -> Result<Applied, Problem> {
    match decide(upload.clone()) {
        Ok(changed) => {
            let applied = received.apply(&uploads.context, vec![update(&changed)], Vec::new()).await?;
            release(uploads, changed).await?;
            Ok(applied)
        }
        Err(Refused::Settled) => {
            release(uploads, upload).await?;
            Ok(Applied::Ignored)
        }
        Err(
            refused @ (Refused::NotCompleted
            | Refused::Completed
            | Refused::Cancelled
            | Refused::Expired
            | Refused::Mismatched(_)
            | Refused::NoParts),
        ) => Err(refuse(&refused)),
    }
}
