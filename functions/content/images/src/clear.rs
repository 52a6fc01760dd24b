//! Clearing the store of images that nobody will want.
//!
//! What is to be cleared is a timer, committed with the rows that say so: it comes until it is done. It names a prefix of keys, and what
//! of it the video still has stays.

use crate::Images;
use content_domain::{Video, thumbnails_of_upload, thumbnails_of_video};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{UploadId, VideoId};
use mcsp_object_store::{Place, unavailable};
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

/// The type of the timer's event.
pub const THUMBNAILS_DUE: &str = "mcsp.content.video.thumbnails_due.v1";
/// How long images stay that were shown, or can still be sent: longer than any URL of them is good.
pub const CLEARED_AFTER: SignedDuration = SignedDuration::from_hours(3);
/// The component that clears.
const CLEARER: &str = "content-events";

/// That images are to be cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThumbnailsDue {
    /// Of which video.
    pub video_id: VideoId,
    /// How their keys begin.
    pub prefix: String,
}

/// Has images cleared at a time. Said again of the same ones, the later word counts.
pub fn clear_later(
    context: &Context,
    trace: &TraceParent,
    (video_id, prefix): (VideoId, String),
    due_at: Timestamp,
) -> GuardedStatement {
    let timer = Timer {
        component: CLEARER,
        service: "content",
        happened: "video.thumbnails_due",
        key: prefix.clone(),
        due_at,
        data: ThumbnailsDue { video_id, prefix },
    };
    set_timer(context, trace, timer)
}

/// Has those cleared at a time that the pipeline made of an upload, but for what the video has.
pub fn clear_upload_later(
    context: &Context,
    trace: &TraceParent,
    (video_id, upload): (VideoId, UploadId),
    due_at: Timestamp,
) -> GuardedStatement {
    clear_later(context, trace, (video_id, thumbnails_of_upload(video_id, upload)), due_at)
}

/// Has all those of a video cleared at once, but for what it has.
pub fn clear_video(context: &Context, trace: &TraceParent, video_id: VideoId) -> GuardedStatement {
    clear_later(context, trace, (video_id, thumbnails_of_video(video_id)), context.now())
}

/// Removes images, all but those that the video has.
pub async fn clear(images: &Images, video: &Video, prefix: &str) -> Result<(), Problem> {
    let bucket = images.bucket(video).map_err(|error| Problem::internal(&error))?;
    let client = images.client();
    loop {
        let list = client.list(bucket, prefix).await.map_err(unavailable)?;
        let is_kept = |key: &str| video.thumbnails().any(|thumbnail| thumbnail.key == key);
        for key in list.keys().filter(|key| !is_kept(key)) {
            client.delete(Place { bucket, key }).await.map_err(unavailable)?;
        }
        // What was listed is gone, but for fewer than one list has: each further list is of others.
        if !list.truncated {
            return Ok(());
        }
    }
}
