//! `mcsp.content.video.purged.v1`: a video is deleted for good. Upload keeps nothing of its file, and its bytes count no more.

use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use serde::Deserialize;
use upload_bytes::{Uploads, release};
use upload_domain::Refused;
use upload_storage::{find_of_video, update};

/// What of the video's state matters here.
#[derive(Deserialize)]
struct Purged {
    video_id: VideoId,
}

pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let Purged { video_id } = received.data()?;
    let context = &uploads.context;
    // Of one that is not there the account was erased.
    let Some(upload) = find_of_video(context, video_id).await? else { return Ok(Applied::Ignored) };
    match upload.clone().purge() {
        Ok(purged) => {
            let applied = received.apply(context, vec![update(&purged)], Vec::new()).await?;
            release(uploads, purged).await?;
            Ok(applied)
        }
        Err(Refused::Settled) => {
            // A delivery that broke off may have left this to do.
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
        ) => Err(never_announced(&refused)),
    }
}

/// A video is made of what was announced alone.
fn never_announced(refused: &Refused) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "never_announced", "no video can have come of this upload")
        .caused_by(refused)
}
