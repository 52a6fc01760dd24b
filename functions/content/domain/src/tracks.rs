//! What goes with picture and sound as text: captions and chapters. The video knows what there is; the texts are kept beside it.

use crate::{Happened, Language, Outcome, Video};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Languages in which a video can have captions.
pub const CAPTION_LANGUAGES_MAX: usize = 50;

/// Which texts go with a video. Each has the version of the video that it came with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracks {
    /// Captions by their languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captions: BTreeMap<Language, i64>,
    /// Chapters, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapters: Option<i64>,
}

/// A video has captions in as many languages as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a video has captions in at most {CAPTION_LANGUAGES_MAX} languages")]
pub struct TooManyCaptions;

impl Video {
    /// Takes captions in a language, in the place of those that there are.
    pub fn with_captions(mut self, language: Language, now: Timestamp) -> Result<Outcome, TooManyCaptions> {
        let captions = &mut self.tracks.captions;
        captions.insert(language, self.version + 1);
        if captions.len() > CAPTION_LANGUAGES_MAX {
            return Err(TooManyCaptions);
        }
        Ok(self.with_changed_tracks(Happened::CaptionsChanged, now))
    }

    /// Takes captions away. Those that are not there stay away.
    pub fn without_captions(mut self, language: &Language, now: Timestamp) -> Outcome {
        match self.tracks.captions.remove(language) {
            Some(_) => self.with_changed_tracks(Happened::CaptionsChanged, now),
            None => Outcome::Unchanged(self),
        }
    }

    /// Takes chapters in the place of those that there are, or has none.
    pub fn with_chapters(mut self, are_there: bool, now: Timestamp) -> Outcome {
        if !are_there && self.tracks.chapters.is_none() {
            return Outcome::Unchanged(self);
        }
        self.tracks.chapters = are_there.then_some(self.version + 1);
        self.with_changed_tracks(Happened::ChaptersChanged, now)
    }

    fn with_changed_tracks(self, happened: Happened, now: Timestamp) -> Outcome {
        let state = self.state.clone();
        self.changed(state, happened, now)
    }
}
