//! `mcsp.upload.session.initiated.v1`: a video comes to be, in `processing`, or further on where the pipeline
//! was faster than this event.

use content_contract::event;
use content_domain::{Change, Origin, Outcome, Video};
use content_storage as storage;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::{UploadId, UserId, VideoId};
use mcsp_problem::Problem;
use serde::Deserialize;

/// What of the upload's state makes a video.
#[derive(Deserialize)]
struct Initiated {
    upload_id: UploadId,
    video_id: VideoId,
    owner_id: UserId,
    region: String,
}

pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let Initiated { upload_id, video_id, owner_id, region } = received.data()?;
    if storage::find(context, video_id).await?.is_some() {
        return Ok(Applied::Ignored);
    }
    let origin = Origin { id: video_id, owner: owner_id, upload: upload_id, region };
    let created = Video::create(origin, context.now());
    let changes = match storage::early_outcome(context, video_id).await? {
        None => vec![created],
        Some(outcome) => match created.video.clone().processed(outcome, context.now()) {
            Outcome::Changed(finished) => vec![created, finished],
            Outcome::Unchanged(_) => vec![created],
        },
    };
    let events = changes.iter().map(|change| event(context, &received.trace, change)).collect();
    // A lost race, against this event's double or the pipeline's event, is a conflict: it comes again, and
    // finds what the other has left.
    Ok(received.apply(context, statements(video_id, &changes), events).await?)
}

fn statements(id: VideoId, changes: &[Change]) -> Vec<GuardedStatement> {
    let waited = (changes.len() > 1).then(|| storage::take_early(id));
    let written = changes.last().map(|change| storage::insert(&change.video));
    std::iter::once(storage::lock(id)).chain(waited).chain(written).collect()
}
