//! Videos that their owners have deleted: for a while they can be had back, and then nothing of them is left.
//!
//! As with what keeps a video back, its state beneath goes on: what is given back is what it has become by then.

use crate::{FailureCode, Happened, Outcome, State, Video};
use jiff::{SignedDuration, Timestamp};

/// How long a deleted video can be had back.
const RESTORABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// That a video is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Since when.
    pub at: Timestamp,
    /// Whether nothing of it is left.
    pub is_purged: bool,
}

/// A video that can't be had back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the video is deleted for good")]
pub struct Gone;

impl Deletion {
    /// From when on the video can't be had back.
    pub fn purge_at(&self) -> Timestamp {
        self.at + RESTORABLE
    }
}

impl Video {
    /// Whether nothing of it is left but that it was there.
    pub fn is_purged(&self) -> bool {
        self.deletion.is_some_and(|deletion| deletion.is_purged)
    }

    /// Hides it from all. Once deleted it stays as it is.
    pub fn delete(self, now: Timestamp) -> Outcome {
        if self.deletion.is_some() {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        let deletion = Some(Deletion { at: now, is_purged: false });
        Video { deletion, ..self }.changed(state, Happened::Deleted, now)
    }

    /// Gives it back. What is not deleted stays as it is.
    pub fn undelete(self, now: Timestamp) -> Result<Outcome, Gone> {
        match self.deletion {
            None => Ok(Outcome::Unchanged(self)),
            Some(deletion) if deletion.is_purged || now >= deletion.purge_at() => Err(Gone),
            Some(_) => {
                let state = self.state.clone();
                Ok(Video { deletion: None, ..self }.changed(state, Happened::Undeleted, now))
            }
        }
    }

    /// Forgets what it was, once it can't be had back any more.
    pub fn purge(self, now: Timestamp) -> Outcome {
        match self.deletion {
            Some(deletion) if !deletion.is_purged && now >= deletion.purge_at() => {
                let deletion = Some(Deletion { is_purged: true, ..deletion });
                // There will be nothing to play.
                let state = State::Failed(FailureCode::purged());
                Video { deletion, ..self.bare() }.changed(state, Happened::Purged, now)
            }
            Some(_) | None => Outcome::Unchanged(self),
        }
    }
}
