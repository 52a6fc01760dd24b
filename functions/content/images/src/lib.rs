//! Where the images of videos are, how they are shown, and how the object store is cleared of them.

mod clear;
mod images;
mod view;

pub use clear::{
    CLEARED_AFTER, THUMBNAILS_DUE, ThumbnailsDue, clear, clear_later, clear_upload_later, clear_video,
};
pub use images::{Images, NoBucket, store};
pub use view::{MadeBy, ThumbnailView};
