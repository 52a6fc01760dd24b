//! `POST /events/upload-pipeline`: takes the events that Upload follows.

use crate::{account_erased, changed, sweep};
use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;
use upload_bytes::{SWEEP_DUE, Uploads};

pub(crate) async fn consume(uploads: Uploads, received: Received) -> Result<Applied, Problem> {
    match received.kind.as_str() {
        SWEEP_DUE => sweep::apply(&uploads, &received).await,
        "mcsp.auth.account.erased.v1" => account_erased::apply(&uploads, &received).await,
        _ => changed::apply(&uploads.context, &received).await,
    }
}
