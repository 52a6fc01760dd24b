//! `mcsp.upload.session.initiated.v1`: a video comes to be, in `processing`, or further on where the pipeline
//! was faster than this event; with what its owner has said of it by then. Or a draft has its file.

use crate::draft_due::do_not_forget;
use crate::draft_uploaded;
use crate::thumbnails::{not_taken, tells_of_some, wanted_by};
use content_contract::{event, plan, submitted};
use content_domain::{Change, FirstFile, Origin, Outcome, Video};
use content_storage as storage;
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
    /// Where it is not said, the upload is older than the question.
    #[serde(default)]
    protection: Protection,
    /// Whether the video was there before it.
    #[serde(default)]
    replaces: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Protection {
    #[default]
    None,
    Cenc,
}

pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let Initiated { upload_id, video_id, owner_id, region, protection, replaces } = received.data()?;
    // Until the pipeline is done with it, the video plays what it has.
    if replaces {
        return Ok(Applied::Ignored);
    }
    let asks_for_protection = match protection {
        Protection::None => false,
        Protection::Cenc => true,
    };
    if let Some(video) = storage::find(context, video_id).await? {
        let file = FirstFile { upload: upload_id, region, asks_for_protection };
        return draft_uploaded::apply(context, received, video, file).await;
    }
    let upload = Some(upload_id);
    let origin = Origin { id: video_id, owner: owner_id, upload, region, asks_for_protection };
    let owner = storage::owner(context, owner_id).await?;
    let mut changes = vec![Video::create(origin, context.now())];
    if owner.is_some_and(|owner| !owner.is_active) {
        follow(&mut changes, |video| video.of_account(false, context.now()));
    }
    let is_erased = owner.is_some_and(|owner| owner.is_erased);
    let draft = storage::draft_of(context, video_id).await?;
    // What was said by somebody who is erased is forgotten.
    if let Some(kept) = draft.as_ref().filter(|_| !is_erased) {
        let drafted = submitted(&kept.draft)?;
        follow(&mut changes, |video| video.take_draft(drafted, context.now()));
    }
    let outcome = storage::early_outcome(context, video_id).await?;
    let has_waited = outcome.is_some();
    let told_of_some = tells_of_some(outcome.as_ref());
    if let Some(outcome) = outcome {
        let outcome = wanted_by(owner, outcome);
        follow(&mut changes, |video| video.processed(outcome, context.now()));
    }
    let events = changes.iter().map(|change| event(context, &received.trace, change)).collect();
    let waited = has_waited.then(|| storage::take_early(video_id));
    let came = draft.is_some().then(|| do_not_forget(video_id));
    let forgotten = is_erased.then(|| storage::forget_draft(video_id));
    let written = changes.last().map(|change| &change.video).map(|video| {
        let drafted_at = draft.map(|kept| kept.submitted_at);
        [Some(storage::insert(video, drafted_at)), plan(context, &received.trace, video)]
    });
    let last = changes.last().map(|change| &change.video);
    let left_behind = not_taken(context, received, (upload_id, told_of_some), last);
    let first = [storage::lock_owner(owner_id), storage::owner_is(owner_id, owner), storage::lock(video_id)];
    let written = written.into_iter().flatten().flatten().chain(left_behind);
    let statements = first.into_iter().chain(waited).chain(came).chain(forgotten).chain(written).collect();
    // A lost race, against this event's double, the pipeline's event or a draft, is a conflict: it comes again, and
    // finds what the other has left.
    Ok(received.apply(context, statements, events).await?)
}

/// Goes on from the last change, if that changes something.
pub(crate) fn follow(changes: &mut Vec<Change>, next: impl FnOnce(Video) -> Outcome) {
    let Some(Outcome::Changed(change)) = changes.last().map(|last| next(last.video.clone())) else { return };
    changes.push(change);
}
