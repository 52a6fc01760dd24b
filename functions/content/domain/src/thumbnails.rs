//! The images of a video: those that the pipeline made of it, and those that its owner has sent.

use crate::{Happened, ImageType, Outcome, State, Video};
use jiff::Timestamp;
use mcsp_ids::{ThumbnailId, UploadId, VideoId};
use serde::{Deserialize, Serialize};

/// Images that an owner may have sent for a video, or be about to.
pub const OWN_THUMBNAILS_MAX: usize = 10;
/// Images that a pipeline may make of a video.
pub const MADE_THUMBNAILS_MAX: usize = 16;

/// An image of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Which.
    pub id: ThumbnailId,
    /// Where it is, in the bucket of the video's region.
    pub key: String,
    /// Its media type.
    pub content_type: ImageType,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// When the video shows it, where it is taken from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
}

/// What its owner has done about the images of a video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnails {
    /// Those that they have sent, in the order in which these were complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<Thumbnail>,
    /// The one that they have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<ThumbnailId>,
}

/// A video has as many images of its owner's as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an owner can give a video at most {OWN_THUMBNAILS_MAX} thumbnails, those that are still to be sent included"
)]
pub struct TooManyThumbnails;

/// A video has no such image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the video has no such thumbnail")]
pub struct NoSuchThumbnail;

/// Why an image can't be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the thumbnail was made of the video")]
pub struct MadeThumbnail;

/// How the keys of all images of a video begin.
pub fn thumbnails_of_video(video: VideoId) -> String {
    format!("thumbnails/{video}/")
}

/// How the keys of all images begin that the pipeline made of an upload.
pub fn thumbnails_of_upload(video: VideoId, upload: UploadId) -> String {
    format!("thumbnails/{video}/{upload}/")
}

/// The key of an image that a video's owner sends. No other one begins with it.
pub fn own_thumbnail(video: VideoId, thumbnail: ThumbnailId) -> String {
    format!("thumbnails/{video}/{thumbnail}")
}

impl Video {
    /// Those that the pipeline made.
    pub fn made_thumbnails(&self) -> &[Thumbnail] {
        self.state.media().map(|media| media.thumbnails.as_slice()).unwrap_or_default()
    }

    /// All of them, those that the pipeline made first.
    pub fn thumbnails(&self) -> impl Iterator<Item = &Thumbnail> {
        self.made_thumbnails().iter().chain(&self.thumbnails.own)
    }

    /// The one that stands for the video: the one that its owner chose, or else the first one. What was chosen may be gone, with the
    /// file that it was made of.
    pub fn thumbnail(&self) -> Option<&Thumbnail> {
        let chosen = self.thumbnails().find(|thumbnail| Some(thumbnail.id) == self.thumbnails.selected);
        chosen.or_else(|| self.thumbnails().next())
    }

    /// Takes one more of its owner's. One that it has stays as it is.
    pub fn with_thumbnail(
        mut self,
        thumbnail: Thumbnail,
        now: Timestamp,
    ) -> Result<Outcome, TooManyThumbnails> {
        let own = &mut self.thumbnails.own;
        if own.iter().any(|known| known.id == thumbnail.id) {
            return Ok(Outcome::Unchanged(self));
        }
        if own.len() >= OWN_THUMBNAILS_MAX {
            return Err(TooManyThumbnails);
        }
        own.push(thumbnail);
        Ok(self.with_changed_thumbnails(now))
    }

    /// Is shown by this one from now on.
    pub fn with_selected_thumbnail(
        mut self,
        id: ThumbnailId,
        now: Timestamp,
    ) -> Result<Outcome, NoSuchThumbnail> {
        if !self.thumbnails().any(|thumbnail| thumbnail.id == id) {
            return Err(NoSuchThumbnail);
        }
        if self.thumbnails.selected == Some(id) {
            return Ok(Outcome::Unchanged(self));
        }
        self.thumbnails.selected = Some(id);
        Ok(self.with_changed_thumbnails(now))
    }

    /// Takes one of its owner's away. One that is not there stays away.
    pub fn without_thumbnail(mut self, id: ThumbnailId, now: Timestamp) -> Result<Outcome, MadeThumbnail> {
        if self.made_thumbnails().iter().any(|thumbnail| thumbnail.id == id) {
            return Err(MadeThumbnail);
        }
        let Thumbnails { own, selected } = &mut self.thumbnails;
        let Some(place) = own.iter().position(|thumbnail| thumbnail.id == id) else {
            return Ok(Outcome::Unchanged(self));
        };
        own.remove(place);
        *selected = selected.filter(|selected| *selected != id);
        Ok(self.with_changed_thumbnails(now))
    }

    fn with_changed_thumbnails(self, now: Timestamp) -> Outcome {
        let state = self.state.clone();
        self.changed(state, Happened::ThumbnailsChanged, now)
    }
}

impl State {
    /// The same, without what the pipeline made to be shown of it.
    pub(crate) fn without_thumbnails(mut self) -> Self {
        match &mut self {
            State::Ready(media) | State::Published { media, .. } | State::Unpublished { media, .. } => {
                media.thumbnails.clear();
            }
            State::Draft | State::Processing | State::Failed(_) => {}
        }
        self
    }
}
