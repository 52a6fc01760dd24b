//! Playback's stores. Redis answers while players wait; Postgres is what survives Redis; Content is asked for
//! videos that neither knows.
//!
//! Redis is one primary with its replicas: the script that starts a session reads the video's key and the
//! account's, which a cluster would keep apart. The account's keys share a hash tag all the same.

mod content;
mod error;
mod keys;
mod model;
mod positions_postgres;
mod positions_redis;
mod reply;
mod sessions;
mod videos_postgres;
mod videos_redis;

/// Where viewers stopped.
pub mod positions {
    pub use crate::positions_postgres::{forget, save, settle, write_behind};
    pub use crate::positions_redis::{Known, LOADED_MAX, drop_kept, known, put, refill};
}

/// What Playback knows of videos.
pub mod videos {
    pub use crate::content::{Loaded, Source, load};
    pub use crate::model::{Announcement, InvalidAnnouncement, Media, Version, Video};
    pub use crate::videos_postgres::{find, upsert};
    pub use crate::videos_redis::{cached, keep};
}

pub use error::StoreError;
pub use sessions::{
    Beaten, Ended, Heartbeat, Opened, Read, Start, StartOutcome, Yes, beat, end, note_renewal, start,
};
