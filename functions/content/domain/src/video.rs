//! A video.

use crate::{
    Category, Collaborators, CustomFields, Deletion, Description, Language, Licence, MinimumAge, Regions,
    State, Tags, Thumbnails, Title, Tracks, Visibility, Withheld,
};
use jiff::Timestamp;
use mcsp_embedding::Embedding;
use mcsp_ids::{UploadId, UserId, VideoId};

/// A video, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// Where it comes from.
    pub origin: Origin,
    /// Begins at 1, and grows by 1 with each change.
    pub version: i64,
    /// Where it is on its way, and would be seen to be if nothing kept it back.
    pub state: State,
    /// What keeps it back.
    pub withheld: Withheld,
    /// Whether its owner has deleted it.
    pub deletion: Option<Deletion>,
    /// Who sees it once it is published.
    pub visibility: Visibility,
    /// Where it is shown and played, to whomever.
    pub regions: Regions,
    /// When it is to be published by itself; of one that is not ready yet, once it is and not before.
    pub publish_at: Option<Timestamp>,
    /// What its owner says of it.
    pub details: Details,
    /// What goes with it as text.
    pub tracks: Tracks,
    /// Who works on it beside its owner.
    pub collaborators: Collaborators,
    /// Images that its owner has sent, and which one was chosen.
    pub thumbnails: Thumbnails,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Which pages may embed it.
    pub embedding: Embedding,
}

/// What its owner can say nothing of. It never changes, but for the file, and for the owner of a video that becomes another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The video.
    pub id: VideoId,
    /// Whose it is.
    pub owner: UserId,
    /// What it was made from: the last of its uploads of which something came. A draft has none yet.
    pub upload: Option<UploadId>,
    /// Where the owner's data lives.
    pub region: String,
    /// Whether players must need a key for what becomes of it.
    pub asks_for_protection: bool,
}

/// What its owner says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Until the owner gives one there is none, and the video can't be published.
    pub title: Option<Title>,
    /// May be empty.
    pub description: Description,
    /// May be empty.
    pub tags: Tags,
    /// What it is filed under.
    pub category: Option<Category>,
    /// What is spoken.
    pub language: Option<Language>,
    /// How old one must be to play it.
    pub minimum_age: Option<MinimumAge>,
    /// On what terms it may be used.
    pub licence: Option<Licence>,
    /// Whether it is for children.
    pub made_for_kids: Option<bool>,
    /// Whatever else there is to say.
    pub custom_fields: CustomFields,
}
