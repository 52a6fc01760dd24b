//! `mcsp.admin.video.<blocked|restored>.v1`: what administrators decide on a video. It shows nothing of itself while it is blocked,
//! and is what it was once it is restored.

use crate::not_yet::not_yet;
use content_contract::{event, plan};
use content_domain::{Decision, Outcome};
use content_storage as storage;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use serde::Deserialize;

/// The state of the decisions on a video: what is needed of it here.
#[derive(Deserialize)]
struct VideoDecided {
    video_id: VideoId,
    /// One more with each decision on the video.
    version: i64,
    /// Whether the video is blocked now.
    blocked: bool,
}

pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let VideoDecided { video_id, version, blocked } = received.data()?;
    // It was seen by whoever decided on it, so the upload that makes it is on its way here.
    let video = storage::find(context, video_id).await?.ok_or_else(not_yet)?;
    match video.decided(Decision { version, blocked }, context.now()) {
        Outcome::Unchanged(_) => Ok(Applied::Ignored),
        Outcome::Changed(change) => {
            // A publication that was due meanwhile is due at once.
            let planned = if blocked { None } else { plan(context, &received.trace, &change.video) };
            let event = event(context, &received.trace, &change);
            let statements = std::iter::once(storage::update(&change)).chain(planned).collect();
            Ok(received.apply(context, statements, vec![event]).await?)
        }
    }
}
