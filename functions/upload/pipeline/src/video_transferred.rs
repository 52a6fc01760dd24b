//! `mcsp.content.video.transferred.v1`: a video is another account's. Its file counts for that account from now on, which may replace it,
//! and what the one before has begun to send in its place is taken back.

use crate::video_purged::never_announced;
use mcsp_events::{Applied, Received};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;
use serde::Deserialize;
use upload_bytes::{Uploads, release};
use upload_domain::Refused;
use upload_storage::{free_drafts, handed_over, held_of, keep_handover, nothing_is_left, update};

/// What of the video's state matters here.
#[derive(Deserialize)]
struct Transferred {
    video_id: VideoId,
    owner_id: UserId,
    /// Of two that come in any order the later one counts.
    version: i64,
}

/// All of it or none. Whoever begins or changes an upload of the video at the same time comes first: then the event comes again.
pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let Transferred { video_id, owner_id, version } = received.data()?;
    let context = &uploads.context;
    let is_known = handed_over(context, video_id).await?.is_some_and(|known| known >= version);
    let (mut written, mut settled) = (vec![keep_handover(video_id, version)], Vec::new());
    for upload in held_of(context, video_id).await? {
        match if is_known { Err(Refused::Settled) } else { upload.clone().hand_over(owner_id) } {
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
            ) => return Err(never_announced(&refused)),
        }
    }
    let applied = if is_known {
        Applied::Ignored
    } else {
        written.extend([nothing_is_left(video_id, owner_id), free_drafts(video_id, owner_id)]);
        received.apply(context, written, Vec::new()).await?
    };
    // Also where a delivery that broke off has left this to do.
    for upload in settled {
        release(uploads, upload).await?;
    }
    Ok(applied)
}
