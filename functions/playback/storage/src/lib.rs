//! Playback's stores. Redis answers while players wait; Postgres is what survives Redis; Content is asked for
//! videos that neither knows; and the bridge's memory is for when they can't be asked.
//!
//! Redis is one primary with its replicas: the script that starts a session reads the video's key and the
//! account's, which a cluster would keep apart. The account's keys share a hash tag all the same.

mod accounts_here;
mod accounts_postgres;
mod accounts_redis;
mod afterwards;
mod ask;
mod content;
mod decisions_postgres;
mod error;
mod facts;
mod keys;
mod model;
mod positions_postgres;
mod positions_redis;
mod refresh;
mod reply;
mod seen_position;
mod sessions;
mod subscription;
mod subscriptions_postgres;
mod unconfirmed;
mod videos_postgres;
mod videos_redis;
mod write_back;

pub mod devices;
pub mod licences;
pub mod memory;
pub mod signing_keys;
pub mod steering;
pub mod subscriptions;

/// What Playback knows of accounts.
pub mod accounts {
    pub use crate::accounts_here::load_without_redis;
    pub use crate::accounts_postgres::{find, lock, upsert, upsert_decision};
    pub use crate::accounts_redis::keep;
    pub use crate::refresh::{refresh_after_answer, refresh_state_after_answer};
}

/// Where viewers stopped.
pub mod positions {
    pub use crate::positions_postgres::{
        find_in_postgres, forget_all, forget_saved, save, settle, settle_all, try_find, try_find_all,
        try_settle, write_behind,
    };
    pub use crate::positions_redis::{
        Known, LOADED_MAX, drop_kept, forget_known, known, known_of_all, put, put_in_known, refill,
    };
    pub use crate::seen_position::{Overwritten, put_over, tag};
}

/// What Playback knows of videos.
pub mod videos {
    pub use crate::content::{Loaded, Source, keep_loaded, load, load_without_redis};
    pub use crate::model::{Announcement, InvalidAnnouncement, Media, Protection, Version, Video};
    pub use crate::videos_postgres::{Known, find, upsert, upsert_decision};
    pub use crate::videos_redis::{cached, forget, keep};
}

pub use afterwards::{connect, probe_after_answer, remember_after_answer};
pub use ask::{Bounds, Redis};
pub use error::StoreError;
pub use facts::{AllFacts, Fact, all_facts};
pub use memory::Account;
pub use sessions::{
    Beaten, End, Ended, Exhausted, Heartbeat, Opened, Read, Shown, Start, StartOutcome, Yes, beat, end,
    note_renewal, start,
};
pub use subscription::{AccountFacts, Subscribed};
pub use write_back::write_back;
