//! Videos that are there before their files: drafts, and how they get one.

use crate::{Change, Details, Edit, Happened, Origin, Outcome, State, Video, Visibility};
use jiff::Timestamp;
use mcsp_ids::UploadId;

/// The file of a draft, which is on its way through the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstFile {
    /// The upload that it came with.
    pub upload: UploadId,
    /// Where the uploader's data lives.
    pub region: String,
    /// Whether players must need a key for what becomes of it.
    pub asks_for_protection: bool,
}

impl Video {
    /// A video without a file, of which its owner says this.
    pub fn draft(origin: Origin, edit: Edit, visibility: Visibility, now: Timestamp) -> Change {
        let Change { video, happened } = Video::create(origin, now);
        let details = Details::default().with(edit);
        Change { video: Video { state: State::Draft, visibility, details, ..video }, happened }
    }

    /// Takes a draft's file. What is no draft has one, or never will, and stays as it is.
    pub fn take_file(self, file: FirstFile, now: Timestamp) -> Outcome {
        match &self.state {
            State::Draft => {
                let FirstFile { upload, region, asks_for_protection } = file;
                let upload = Some(upload);
                let origin = Origin { upload, region, asks_for_protection, ..self.origin.clone() };
                Video { origin, ..self }.changed(State::Processing, Happened::Uploaded, now)
            }
            State::Processing
            | State::Ready(_)
            | State::Published { .. }
            | State::Unpublished { .. }
            | State::Failed(_) => Outcome::Unchanged(self),
        }
    }
}
