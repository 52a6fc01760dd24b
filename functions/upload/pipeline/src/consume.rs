//! `POST /events/upload-pipeline`: takes the events that Upload follows.

use crate::{account_erased, changed, subscription_changed, sweep, video_purged, video_transferred};
use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;
use upload_bytes::{SWEEP_DUE, Uploads};

/// Each of them tells the whole of what an account is entitled to.
const SUBSCRIPTION_EVENTS: &str = "mcsp.subscription.";

pub(crate) async fn consume(uploads: Uploads, received: Received) -> Result<Applied, Problem> {
    match received.kind.as_str() {
        SWEEP_DUE => sweep::apply(&uploads, &received).await,
        "mcsp.content.video.purged.v1" => video_purged::apply(&uploads, &received).await,
        "mcsp.content.video.transferred.v1" => video_transferred::apply(&uploads, &received).await,
        "mcsp.auth.account.erased.v1" => account_erased::apply(&uploads, &received).await,
        kind if kind.starts_with(SUBSCRIPTION_EVENTS) => {
            subscription_changed::apply(&uploads.context, &received).await
        }
        _ => changed::apply(&uploads, &received).await,
    }
}
