//! Another file for a video that is there.

use crate::{Happened, Media, Origin, Outcome, Processed, State, Video};
use jiff::Timestamp;
use mcsp_ids::UploadId;

/// A video without a file, or of which the pipeline has not had its word on the first one yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the video is still being processed")]
pub struct StillProcessing;

impl Video {
    /// Takes what the pipeline made of another upload: it plays this from now on, and is otherwise what it was. An upload that is not
    /// later than the one that it plays changes nothing (ids of uploads grow with time), nor does one of which nothing came that
    /// can be played as it has to be.
    pub fn replaced(
        self,
        upload: UploadId,
        processed: Processed,
        now: Timestamp,
    ) -> Result<Outcome, StillProcessing> {
        let is_later = self.origin.upload.is_none_or(|own| upload > own);
        let is_wanted = |media: &Media| media.protection.is_some() || !self.origin.asks_for_protection;
        let media = match processed {
            Processed::Completed(media) if is_later && is_wanted(&media) => media,
            Processed::Completed(_) | Processed::Failed(_) => return Ok(Outcome::Unchanged(self)),
        };
        let state = match &self.state {
            State::Draft | State::Processing => return Err(StillProcessing),
            State::Failed(_) => return Ok(Outcome::Unchanged(self)),
            State::Ready(_) => State::Ready(media),
            State::Published { first_published_at, .. } => {
                State::Published { media, first_published_at: *first_published_at }
            }
            State::Unpublished { first_published_at, .. } => {
                State::Unpublished { media, first_published_at: *first_published_at }
            }
        };
        let origin = Origin { upload: Some(upload), ..self.origin.clone() };
        Ok(Video { origin, ..self }.changed(state, Happened::Replaced, now))
    }
}
