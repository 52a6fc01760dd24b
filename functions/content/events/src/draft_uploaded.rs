//! `mcsp.upload.session.initiated.v1` of a video that is there: a draft has its file, and is processed, or further on where the
//! pipeline was faster than this event.

use crate::thumbnails::{not_taken, tells_of_some, wanted};
use crate::upload_initiated::follow;
use content_contract::{event, plan};
use content_domain::{FirstFile, Outcome, Video};
use content_storage as storage;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;

/// The draft stays whose it is. One that is kept back or deleted goes on beneath, and of one that is purged nothing comes.
pub(crate) async fn apply(
    context: &Context,
    received: &Received,
    video: Video,
    file: FirstFile,
) -> Result<Applied, Problem> {
    let (id, owner, upload, now) = (video.origin.id, video.origin.owner, file.upload, context.now());
    let Outcome::Changed(change) = video.take_file(file, now) else { return Ok(Applied::Ignored) };
    let mut changes = vec![change];
    let outcome = storage::early_outcome(context, id).await?;
    let waited = outcome.is_some().then(|| storage::take_early(id));
    let told_of_some = tells_of_some(outcome.as_ref());
    let mut known = Vec::new();
    if let Some(outcome) = outcome {
        let (outcome, of_owner) = wanted(context, owner, outcome).await?;
        known = of_owner;
        follow(&mut changes, |video| video.processed(outcome, now));
    }
    let events = changes.iter().map(|change| event(context, &received.trace, change)).collect();
    let last = changes.last().map(|change| &change.video);
    let planned = last.and_then(|video| plan(context, &received.trace, video));
    let left_behind = not_taken(context, received, (upload, told_of_some), last);
    let statements = known
        .into_iter()
        .chain([storage::lock(id)])
        .chain(waited)
        .chain([storage::no_early(id)])
        .chain(changes.iter().map(storage::update))
        .chain(planned)
        .chain(left_behind)
        .collect();
    // A lost race, against the pipeline's event or whoever changes the draft, is a conflict: it comes again.
    Ok(received.apply(context, statements, events).await?)
}
