//! `media.processing.changed`: how far the pipeline is with an upload, and what came of it.
//!
//! The events carry no version. The states make up for it: an outcome is final, progress only grows, and the
//! row's own version guards against another delivery at the same moment, which is answered 409 and comes
//! again. What failed leaves nothing in the store, and neither does a file that another has replaced.

use crate::settle::settle;
use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UploadId;
use mcsp_problem::Problem;
use serde::Deserialize;
use upload_bytes::Uploads;
use upload_domain::{Refused, Upload};
use upload_storage::{find, held_of};

/// The longest reason that is kept.
const REASON_CODE_MAX_BYTES: usize = 64;
/// In the place of a reason that is no machine code.
const REASON_CODE_UNKNOWN: &str = "processing_failed";

#[derive(Deserialize)]
struct Progressed {
    upload_id: UploadId,
    progress_percent: u8,
}

#[derive(Deserialize)]
struct Completed {
    upload_id: UploadId,
}

#[derive(Deserialize)]
struct Failed {
    upload_id: UploadId,
    reason_code: Option<String>,
}

/// What the pipeline tells.
enum News {
    Progressed(u8),
    Completed,
    Failed(String),
}

pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let Some((id, news)) = read(received)? else { return Ok(Applied::Ignored) };
    let context = &uploads.context;
    // Every upload is committed before it is announced: of this one the account was erased.
    let Some(upload) = find(context, id).await? else { return Ok(Applied::Ignored) };
    let replaced = match news {
        News::Completed if upload.replaces => replaced_by(context, &upload).await?,
        News::Completed | News::Progressed(_) | News::Failed(_) => Vec::new(),
    };
    let all = std::iter::once(upload).chain(replaced).collect();
    let decide = |upload: Upload| if upload.id == id { told(upload, &news) } else { upload.purge() };
    settle(uploads, received, all, decide, not_yet).await
}

/// The uploads whose files are not wanted any more: those before it, also where nothing but their bytes is left to be removed. By
/// now the video may have a later one's.
async fn replaced_by(context: &Context, upload: &Upload) -> Result<Vec<Upload>, Problem> {
    let held = held_of(context, upload.video).await?;
    Ok(held.into_iter().filter(|held| held.id < upload.id).collect())
}

fn read(received: &Received) -> Result<Option<(UploadId, News)>, Problem> {
    Ok(match received.kind.as_str() {
        "mcsp.pipeline.processing.progressed.v1" => {
            let Progressed { upload_id, progress_percent } = received.data()?;
            Some((upload_id, News::Progressed(progress_percent)))
        }
        "mcsp.pipeline.processing.completed.v1" => {
            let Completed { upload_id } = received.data()?;
            Some((upload_id, News::Completed))
        }
        "mcsp.pipeline.processing.failed.v1" => {
            let Failed { upload_id, reason_code } = received.data()?;
            Some((upload_id, News::Failed(machine_code(reason_code))))
        }
        _ => None,
    })
}

fn told(upload: Upload, news: &News) -> Result<Upload, Refused> {
    match news {
        News::Progressed(percent) => upload.progress(*percent),
        News::Completed => upload.finish(),
        News::Failed(reason_code) => upload.fail(reason_code.clone()),
    }
}

/// The reason is shown to the uploader: a code is, and words of a program are not.
fn machine_code(reason: Option<String>) -> String {
    let is_code = |code: &String| {
        (1..=REASON_CODE_MAX_BYTES).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    reason.filter(is_code).unwrap_or_else(|| REASON_CODE_UNKNOWN.to_owned())
}

/// Out of order; it comes again.
fn not_yet(refused: &Refused) -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_yet", "the upload is not in the pipeline").caused_by(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machine_codes_reach_the_uploader() {
        assert_eq!(machine_code(Some("unsupported_codec".into())), "unsupported_codec");
        for other in [None, Some(String::new()), Some("ffmpeg: /tmp/x".into()), Some("x".repeat(65))] {
            assert_eq!(machine_code(other), REASON_CODE_UNKNOWN);
        }
    }
}
