//! `mcsp.upload.session.pull_due.v1`, from the timer of an upload that is fetched: brings in more of it, and sets the next.
//!
//! What is there the object store knows, so that a step that broke off anywhere is gone on with by the next. A step is short, so
//! that many files come in beside each other, and a file that was taken back is noticed soon.

use crate::due::{PULL_DUE, PullDue, pull_at};
use crate::source::{Source, Unfetched, Wanted};
use jiff::SignedDuration;
use mcsp_events::{Applied, Received};
use mcsp_ids::UploadId;
use mcsp_problem::Problem;
use upload_bytes::{Uploads, release, settle, tidy};
use upload_domain::{SourceFault, Upload, wait_after};
use upload_lifecycle::complete;
use upload_storage::{Pull, SaveError, end_pull, find, note_pull, pull_of, update};
use upload_writing::{Lease, Standing, Writer, begun, failed};

/// How long pieces are asked for in one step: the last of them, and what goes to the store, may take as long again before the
/// delivery of the timer is given up.
const STEP_FOR: SignedDuration = SignedDuration::from_secs(8);
/// What is asked for at once.
const PIECE_BYTES: u64 = 1 << 20;

/// How far a step came.
struct Step {
    /// What the store has.
    pulled_bytes: u64,
    /// Why there is no more yet.
    stop: Option<Unfetched>,
}

pub(crate) async fn advance(uploads: Uploads, received: Received) -> Result<Applied, Problem> {
    if received.kind != PULL_DUE {
        return Ok(Applied::Ignored);
    }
    let PullDue { upload_id } = received.data()?;
    let context = &uploads.context;
    // Its account was erased.
    let Some(upload) = find(context, upload_id).await? else { return Ok(Applied::Before) };
    if upload.initiated_at().is_some() || upload.is_over(context.now()) {
        return end(&uploads, &received, upload).await;
    }
    let Some(pull) = pull_of(context, upload_id).await? else { return Ok(Applied::Before) };
    let mut lease = Lease::take(context, upload_id).await?;
    let step = step(&uploads, &mut lease, &upload, &pull).await;
    lease.free().await;
    let Step { pulled_bytes, stop } = step?;
    // What it gave in this step ends the row.
    let before = if pulled_bytes > pull.pulled_bytes { 0 } else { pull.failures };
    match stop {
        None if pulled_bytes == upload.file.size_bytes => finish(&uploads, &received, upload).await,
        None => go_on(&uploads, &received, upload_id, (pulled_bytes, 0), SignedDuration::ZERO).await,
        Some(Unfetched::NotNow) => {
            let failures = before.saturating_add(1);
            match wait_after(failures) {
                Some(wait) => go_on(&uploads, &received, upload_id, (pulled_bytes, failures), wait).await,
                None => give_up(&uploads, &received, upload_id, SourceFault::Unreachable).await,
            }
        }
        Some(Unfetched::BreakerOpen(retry_after_ms)) => {
            // In whole seconds, as callers are told.
            let wait = SignedDuration::from_secs(retry_after_ms.div_ceil(1000).into());
            go_on(&uploads, &received, upload_id, (pulled_bytes, before), wait).await
        }
        Some(Unfetched::Fault(fault)) => give_up(&uploads, &received, upload_id, fault).await,
        // The timer comes again.
        Some(Unfetched::Ours(problem)) => Err(problem),
    }
}

/// Puts pieces behind what is there, until the time of a step is over or there are no more.
async fn step(
    uploads: &Uploads,
    lease: &mut Lease<'_>,
    upload: &Upload,
    pull: &Pull,
) -> Result<Step, Problem> {
    let context = &uploads.context;
    // It was changed since it was looked at: the timer comes again, and finds what it is then.
    let open = |upload: &Upload| upload.open_parts(context.now()).map_err(|_| SaveError::Overtaken.into());
    let (upload, plan) = begun(uploads, (upload.id, upload.owner), open).await?;
    let standing = Standing::of(uploads, &upload, plan).await.map_err(failed)?;
    let Some(multipart) = &upload.multipart else { return Err(SaveError::Overtaken.into()) };
    let mut writer = Writer::behind(standing, (uploads, &upload, multipart), lease).await?;
    let mut source = Source::at(context, &pull.source);
    let until = context.now() + STEP_FOR;
    let mut stop = None;
    while writer.left() > 0 && context.now() < until {
        match piece(&mut source, (writer.offset(), writer.left()), (&upload, pull)).await {
            Ok(bytes) => writer.take(&bytes).await?,
            Err(unfetched) => {
                stop = Some(unfetched);
                break;
            }
        }
    }
    Ok(Step { pulled_bytes: writer.finish().await?, stop })
}

/// The next bytes of the file, as long as it is the same.
async fn piece(
    source: &mut Source<'_>,
    (offset, left): (u64, u64),
    (upload, pull): (&Upload, &Pull),
) -> Result<Vec<u8>, Unfetched> {
    let wanted = Wanted { from: offset, bytes: PIECE_BYTES.min(left), known: Some(&pull.validator) };
    let (piece, mut bytes) = source.fetch(&wanted).await?;
    let there = piece.behind(offset, upload.file.size_bytes, &pull.validator).map_err(Unfetched::Fault)?;
    bytes.drain(..usize::try_from(there).unwrap_or(bytes.len()).min(bytes.len()));
    Ok(bytes)
}

/// Notes how far it is, and how often in a row the source gave nothing; and has more fetched after a while.
async fn go_on(
    uploads: &Uploads,
    received: &Received,
    id: UploadId,
    (pulled_bytes, failures): (u64, u32),
    wait: SignedDuration,
) -> Result<Applied, Problem> {
    let context = &uploads.context;
    let due = pull_at(context, &received.trace, id, context.now() + wait);
    Ok(received.apply(context, vec![note_pull(id, pulled_bytes, failures), due], Vec::new()).await?)
}

/// All is there: it is looked at, and announced.
async fn finish(uploads: &Uploads, received: &Received, upload: Upload) -> Result<Applied, Problem> {
    let ended = || end_pull(upload.id, Some(upload.file.size_bytes));
    let completed = complete(uploads, &received.trace, (upload.id, upload.owner), |_, _| Some(ended())).await;
    if let Err(problem) = completed {
        return match find(&uploads.context, upload.id).await? {
            // It was not what it should be, and its owner is told by its state.
            Some(failed) if failed.came_to_nothing() => end(uploads, received, failed).await,
            Some(_) | None => Err(problem),
        };
    }
    Ok(received.apply(&uploads.context, vec![ended()], Vec::new()).await?)
}

/// It will not be fetched.
async fn give_up(
    uploads: &Uploads,
    received: &Received,
    id: UploadId,
    fault: SourceFault,
) -> Result<Applied, Problem> {
    let context = &uploads.context;
    let Some(upload) = find(context, id).await? else { return Ok(Applied::Before) };
    let Ok(failed) = upload.clone().give_up(fault, context.now()) else {
        return end(uploads, received, upload).await;
    };
    let written = vec![update(&failed), end_pull(id, None)];
    let applied = received.apply(context, written, Vec::new()).await?;
    // Another delivery of the same timer may have come further: then nothing has failed.
    if applied == Applied::Done {
        release(uploads, failed).await?;
    }
    Ok(applied)
}

/// Its owner took it back, or its time is over, or it is announced already. What a step has left in the store is cleared.
async fn end(uploads: &Uploads, received: &Received, upload: Upload) -> Result<Applied, Problem> {
    let settled = settle(uploads, upload).await?;
    tidy(uploads, &settled).await?;
    Ok(received.apply(&uploads.context, vec![end_pull(settled.id, None)], Vec::new()).await?)
}
