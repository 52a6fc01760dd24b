//! `mcsp.admin.video.*.v1`: what administrators decide on a video. Content hears of it too and tells of the video then; this counts
//! before that, and without it.

use crate::settle;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;
use playback_domain::Decision;
use playback_storage::{Bounds, memory, videos};
use serde::Deserialize;

/// The state of the decisions on a video: what is needed of it here.
#[derive(Deserialize)]
struct VideoDecided {
    video_id: VideoId,
    /// One more with each decision on the video.
    version: u64,
    /// Whether the video is blocked now.
    blocked: bool,
}

/// Kept also of a video that Content has not told of yet.
pub(crate) async fn apply(
    context: &Context,
    bounds: &Bounds,
    received: &Received,
) -> Result<Applied, Problem> {
    let VideoDecided { video_id, version, blocked } = received.data()?;
    let statement = videos::upsert_decision(video_id, Decision { version, denies: blocked });
    let applied = received.apply(context, vec![statement], Vec::new()).await?;
    if blocked {
        // Of a word of Content's that Postgres has not heard of yet there may be a copy, from its catalog: it counts as later.
        memory::forget_video(context.bridge(), video_id).await?;
        videos::forget(context.bridge(), video_id).await?;
    }
    settle::video(context, bounds, video_id).await?;
    Ok(applied)
}
