//! `mcsp.upload.draft.submitted.v1`: what an owner says of a video, which may not be there yet. Then it waits, and the video
//! comes to be with it; where none does, it is forgotten. Of an owner who is erased nothing is kept that comes late.

use crate::draft_due::forget_later;
use content_contract::{Draft, event, plan, submitted};
use content_domain::Outcome;
use content_storage::{self as storage, KeptDraft};
use jiff::Timestamp;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;
use serde::Deserialize;

/// What of the draft's state matters here.
#[derive(Deserialize)]
struct Submitted {
    video_id: VideoId,
    owner_id: UserId,
    submitted_at: Timestamp,
    draft: Draft,
}

/// A lost race, against the upload's event, that of the account or whoever edits the video, is a conflict: it comes again, and finds
/// what the other has left.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let Submitted { video_id, owner_id, submitted_at, draft } = received.data()?;
    let owner = storage::owner(context, owner_id).await?;
    if owner.is_some_and(|owner| owner.is_erased) {
        return Ok(Applied::Ignored);
    }
    let drafted = submitted(&draft)?;
    if storage::draft_of(context, video_id).await?.is_some_and(|known| known.submitted_at >= submitted_at) {
        return Ok(Applied::Ignored);
    }
    let kept = KeptDraft { video: video_id, owner: owner_id, submitted_at, draft };
    let mut statements =
        vec![storage::lock_owner(owner_id), storage::owner_is(owner_id, owner), storage::lock(video_id)];
    let Some(video) = storage::find(context, video_id).await? else {
        statements.extend([storage::keep_draft(&kept, false), forget_later(context, received, &kept)]);
        return Ok(received.apply(context, statements, Vec::new()).await?);
    };
    // Who has given it away has nothing more to say of it.
    if video.is_purged() || video.origin.owner != owner_id {
        return Ok(Applied::Ignored);
    }
    statements.push(storage::keep_draft(&kept, true));
    let mut events = Vec::new();
    let had_passwords = video.visibility.passwords().is_some();
    if let Outcome::Changed(change) = video.take_draft(drafted, context.now()) {
        statements.push(storage::update(&change));
        // Nobody is let in by them any more.
        if had_passwords && change.video.visibility.passwords().is_none() {
            statements.push(storage::forget_passwords(video_id));
        }
        statements.extend(plan(context, &received.trace, &change.video));
        events.push(event(context, &received.trace, &change));
    }
    Ok(received.apply(context, statements, events).await?)
}
