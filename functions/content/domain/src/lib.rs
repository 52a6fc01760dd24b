//! Videos: their states, what may follow what, what their texts may hold, and who may see them.
//!
//! Pure: no clock, no randomness, no I/O.

mod age;
mod captions;
mod chapters;
mod collaborators;
mod custom;
mod deletion;
mod draft;
mod embedding;
mod first_file;
mod image;
mod labels;
mod licence;
mod media;
mod password;
mod refusal;
mod replacement;
mod state;
mod terms;
mod text;
mod thumbnails;
mod tracks;
mod transfer;
mod transition;
mod video;
mod visibility;
mod webvtt;
mod withheld;

pub use age::{InvalidMinimumAge, MinimumAge};
pub use captions::{CAPTIONS_MAX_BYTES, Captions, InvalidCaptions};
pub use chapters::{CHAPTERS_MAX, Chapter, ChapterFault, Chapters, InvalidChapter};
pub use collaborators::{COLLABORATORS_MAX, Collaborators, NotShared, Role};
pub use custom::{CUSTOM_FIELDS_MAX, CUSTOM_FIELDS_MAX_BYTES, CustomFields, InvalidField};
pub use deletion::{Deletion, Gone};
pub use draft::{Draft, DraftRegions, DraftVisibility, Drafted};
pub use first_file::FirstFile;
pub use image::{
    IMAGE_HEAD_BYTES, IMAGE_MAX_BYTES, IMAGE_SIDE_MAX, ImageChecksum, ImageFile, ImageType, InvalidImage,
    NotTheImage, Pixels,
};
pub use labels::{Category, Language};
pub use licence::Licence;
pub use mcsp_embedding::{Embedding, InvalidOrigin, Origin as PageOrigin};
pub use mcsp_regions::{InvalidRegion, Region, Regions};
pub use media::{FailureCode, Media, Packaged, Processed, Protection, Rendition, Scheme};
pub use password::{
    InvalidVideoPassword, VIDEO_PASSWORD_MAX_CHARS, VIDEO_PASSWORD_MIN_CHARS, VIDEO_PASSWORDS_MAX,
    VideoPassword,
};
pub use refusal::InvalidText;
pub use replacement::StillProcessing;
pub use state::{State, StateName};
pub use terms::{Term, Terms, words_of};
pub use text::{Description, TAGS_MAX, Tag, Tags, Title};
pub use thumbnails::{
    MADE_THUMBNAILS_MAX, MadeThumbnail, NoSuchThumbnail, OWN_THUMBNAILS_MAX, Thumbnail, Thumbnails,
    TooManyThumbnails, own_thumbnail, thumbnails_of_upload, thumbnails_of_video,
};
pub use tracks::{CAPTION_LANGUAGES_MAX, TooManyCaptions, Tracks};
pub use transfer::{NotTransferable, Offer};
pub use transition::{
    Change, Edit, Happened, NotPublishable, NotPublished, NotSchedulable, Outcome, check_plan,
};
pub use video::{Details, Origin, Video};
pub use visibility::{
    Hidden, InvalidPlanLevel, PLAN_LEVEL_MAX, PasswordsVersion, PlanLevel, Viewer, Visibility,
    VisibilityName, Way, decide, hindrances,
};
pub use webvtt::Fault as WebvttFault;
pub use withheld::{Decision, Withheld};
