//! `mcsp.pipeline.processing.<completed|failed>.v1`: a video becomes `ready` or `failed`, or plays another file than before.

use crate::not_yet::not_yet;
use crate::thumbnails::{Told, believed, left_behind, wanted};
use content_contract::{event, plan};
use content_domain::{
    FailureCode, Media, Outcome, Packaged, Processed, Protection, Rendition, State, StillProcessing,
};
use content_storage as storage;
use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::{UploadId, VideoId};
use mcsp_problem::Problem;
use serde::Deserialize;

/// More encodings of one video than any ladder has.
const RENDITIONS_MAX: usize = 64;
/// As many as a licence is asked for at once.
const KEY_IDS_MAX: usize = 16;
const SEED_ID_MAX_BYTES: usize = 64;

/// What of the pipeline's state matters here.
#[derive(Deserialize)]
struct Finished {
    upload_id: UploadId,
    video_id: VideoId,
    /// Whether the video was there before the upload.
    #[serde(default)]
    replaces: bool,
    state: FinishedState,
    duration_ms: Option<u64>,
    #[serde(default)]
    renditions: Vec<Rendition>,
    packaged: Option<Packaged>,
    protection: Option<Protection>,
    reason_code: Option<String>,
    /// A pipeline need make none.
    #[serde(default)]
    thumbnails: Vec<Told>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FinishedState {
    Completed,
    Failed,
}

/// Why an outcome can't be believed. All of them are the pipeline's mistake, and no retry helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unbelievable {
    #[error("`duration_ms` is missing or is not a duration")]
    Duration,
    #[error("`renditions` has too many entries")]
    Renditions,
    #[error("`packaged` is missing, or its paths are not below the prefix that they must have")]
    Packaged,
    #[error("`protection` names no keys, too many, or no seed")]
    Protection,
    #[error("`reason_code` is missing or is not a machine code")]
    ReasonCode,
    #[error(
        "`thumbnails` has too many entries, or one that is not below the prefix that it must have or has no size"
    )]
    Thumbnails,
}

pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let finished: Finished = received.data()?;
    let (id, now) = (finished.video_id, context.now());
    let replaced_by = finished.replaces.then_some(finished.upload_id);
    let made = (finished.upload_id, !finished.thumbnails.is_empty());
    let outcome = outcome(context, finished).map_err(Problem::from)?;
    let found = storage::find(context, id).await?;
    let Some(video) = found.filter(|video| video.state != State::Draft) else {
        // The upload that made the video was done before another was to replace it, so its events are on their way.
        if replaced_by.is_some() {
            return Err(not_yet());
        }
        // Its upload is not known yet, also where it is of a draft. Waiting for a retry could take longer than retries last, so the
        // outcome waits in the database.
        if storage::early_outcome(context, id).await?.is_some() {
            return Ok(Applied::Ignored);
        }
        let statements = vec![storage::lock(id), storage::keep_early(id, &outcome, now)];
        return Ok(received.apply(context, statements, Vec::new()).await?);
    };
    let before = video.origin.upload;
    let (outcome, known) = wanted(context, video.origin.owner, outcome).await?;
    let outcome = match replaced_by {
        None => video.processed(outcome, now),
        Some(upload) => video.replaced(upload, outcome, now).map_err(|StillProcessing| not_yet())?,
    };
    let cleared: Vec<_> = left_behind(context, received, made, (before, &outcome)).collect();
    match outcome {
        Outcome::Unchanged(_) if cleared.is_empty() => Ok(Applied::Ignored),
        Outcome::Unchanged(_) => Ok(received.apply(context, cleared, Vec::new()).await?),
        Outcome::Changed(change) => {
            let event = event(context, &received.trace, &change);
            let planned = plan(context, &received.trace, &change.video);
            let written = [storage::update(&change)].into_iter().chain(planned).chain(cleared);
            let statements = known.into_iter().chain(written).collect();
            Ok(received.apply(context, statements, vec![event]).await?)
        }
    }
}

fn outcome(context: &Context, finished: Finished) -> Result<Processed, Unbelievable> {
    let prefix = prefix(&finished);
    let of = (finished.video_id, finished.upload_id);
    let Finished { state, duration_ms, renditions, packaged, protection, reason_code, thumbnails, .. } =
        finished;
    match state {
        FinishedState::Failed => reason_code
            .and_then(|code| FailureCode::try_from(code).ok())
            .map(Processed::Failed)
            .ok_or(Unbelievable::ReasonCode),
        FinishedState::Completed => {
            // Other languages' signed numbers must hold it.
            let duration_ms =
                duration_ms.filter(|ms| i64::try_from(*ms).is_ok()).ok_or(Unbelievable::Duration)?;
            if renditions.len() > RENDITIONS_MAX {
                return Err(Unbelievable::Renditions);
            }
            let packaged = packaged.filter(|paths| is_below(&prefix, paths)).ok_or(Unbelievable::Packaged)?;
            if !protection.as_ref().is_none_or(is_usable) {
                return Err(Unbelievable::Protection);
            }
            let thumbnails = believed(context, of, thumbnails).ok_or(Unbelievable::Thumbnails)?;
            Ok(Processed::Completed(Media { duration_ms, renditions, packaged, protection, thumbnails }))
        }
    }
}

/// Whether licences can be given for it.
fn is_usable(protection: &Protection) -> bool {
    (1..=KEY_IDS_MAX).contains(&protection.key_ids.len())
        && (1..=SEED_ID_MAX_BYTES).contains(&protection.seed_id.len())
}

/// Where its segments have to be. What replaces a file has a place of its own: the other one is played until then.
fn prefix(finished: &Finished) -> String {
    let Finished { video_id, upload_id, .. } = finished;
    if finished.replaces {
        format!("packaged/{video_id}/{upload_id}/")
    } else {
        format!("packaged/{video_id}/")
    }
}

/// A playback URL opens all that is below the prefix: another video's must not be in it.
fn is_below(own: &str, paths: &Packaged) -> bool {
    let Packaged { prefix, hls, dash, hls_steered } = paths;
    let is_below = |path: &String| !path.starts_with('/') && !path.contains("..");
    prefix == own && is_below(hls) && [dash, hls_steered].into_iter().flatten().all(is_below)
}

impl From<Unbelievable> for Problem {
    fn from(error: Unbelievable) -> Self {
        match error {
            Unbelievable::Duration
            | Unbelievable::Renditions
            | Unbelievable::Packaged
            | Unbelievable::Protection
            | Unbelievable::ReasonCode
            | Unbelievable::Thumbnails => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "malformed_event",
                "the event's data cannot be read",
            )
            .with_detail(error),
        }
    }
}
