//! `POST /events/content-events`: takes the events that Content follows.

use crate::draft_due::DRAFT_DUE;
use crate::{
    account_changed, draft_due, draft_submitted, offer_due, processing_finished, publication_due, purge_due,
    thumbnails_due, upload_initiated, video_decided,
};
use content_contract::{OFFER_DUE, PUBLICATION_DUE, PURGE_DUE};
use content_images::{Images, THUMBNAILS_DUE};
use mcsp_events::{Applied, Received};
use mcsp_problem::Problem;

/// Each of them tells the whole state of an account.
const ACCOUNT_EVENTS: &str = "mcsp.auth.account.";

pub(crate) async fn consume(images: Images, received: Received) -> Result<Applied, Problem> {
    let context = &images.context;
    match received.kind.as_str() {
        "mcsp.upload.session.initiated.v1" => upload_initiated::apply(context, &received).await,
        "mcsp.pipeline.processing.completed.v1" | "mcsp.pipeline.processing.failed.v1" => {
            processing_finished::apply(context, &received).await
        }
        "mcsp.upload.draft.submitted.v1" => draft_submitted::apply(context, &received).await,
        PUBLICATION_DUE => publication_due::apply(context, &received).await,
        PURGE_DUE => purge_due::apply(context, &received).await,
        OFFER_DUE => offer_due::apply(context, &received).await,
        DRAFT_DUE => draft_due::apply(context, &received).await,
        THUMBNAILS_DUE => thumbnails_due::apply(&images, &received).await,
        "mcsp.admin.video.blocked.v1" | "mcsp.admin.video.restored.v1" => {
            video_decided::apply(context, &received).await
        }
        kind if kind.starts_with(ACCOUNT_EVENTS) => account_changed::apply(context, &received).await,
        // Progress, and whatever else its topics will carry.
        _ => Ok(Applied::Ignored),
    }
}
