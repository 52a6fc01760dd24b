//! `mcsp.content.video.purged.v1`: a video is deleted for good. Upload keeps nothing of its file, nor of what was to replace
//! it, and its bytes count no more.

use crate::settle::settle;
use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use serde::Deserialize;
use upload_bytes::Uploads;
use upload_domain::{Refused, Upload};
use upload_storage::held_of;

/// What of the video's state matters here.
#[derive(Deserialize)]
struct Purged {
    video_id: VideoId,
}

pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let Purged { video_id } = received.data()?;
    let context = &uploads.context;
    // Where there are none, nothing of them is left, or their account was erased.
    let all = held_of(context, video_id).await?;
    settle(uploads, received, all, Upload::purge, never_announced).await
}

/// A video is made of what was announced alone.
pub(crate) fn never_announced(refused: &Refused) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "never_announced", "no video can have come of this upload")
        .caused_by(refused)
}
