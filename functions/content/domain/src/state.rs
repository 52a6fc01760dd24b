//! The states of a video.

use crate::media::{FailureCode, Media};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a video is on its way, with what it has there.
///
/// What is blocked is kept back ([`Withheld`](crate::Withheld)), what is deleted has its [`Deletion`](crate::Deletion), and both
/// have their state beneath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has no file yet: its owner says what it will be.
    Draft,
    /// The pipeline is at work.
    Processing,
    /// It can be published.
    Ready(Media),
    /// Its visibility says who sees it.
    Published {
        /// What is played.
        media: Media,
        /// Publishing it again does not make an old video a new one.
        first_published_at: Timestamp,
    },
    /// Taken back by its owner.
    Unpublished {
        /// What was played.
        media: Media,
        /// For when it is published again.
        first_published_at: Timestamp,
    },
    /// The pipeline gave up.
    Failed(FailureCode),
}

/// A state without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "VideoState")]
pub enum StateName {
    /// It has no file yet: its owner says what it will be.
    Draft,
    /// The pipeline is at work.
    Processing,
    /// It can be published.
    Ready,
    /// Its visibility says who sees it.
    Published,
    /// Taken back by its owner.
    Unpublished,
    /// The pipeline gave up.
    Failed,
    /// It is kept back: by moderation, or because of its owner's account.
    Blocked,
    /// Its owner has deleted it.
    Deleted,
}

impl State {
    /// Its name.
    pub const fn name(&self) -> StateName {
        match self {
            State::Draft => StateName::Draft,
            State::Processing => StateName::Processing,
            State::Ready(_) => StateName::Ready,
            State::Published { .. } => StateName::Published,
            State::Unpublished { .. } => StateName::Unpublished,
            State::Failed(_) => StateName::Failed,
        }
    }

    /// What can be played, once there is something.
    pub const fn media(&self) -> Option<&Media> {
        match self {
            State::Ready(media) | State::Published { media, .. } | State::Unpublished { media, .. } => {
                Some(media)
            }
            State::Draft | State::Processing | State::Failed(_) => None,
        }
    }

    /// When it was first published, where it ever was.
    pub const fn first_published_at(&self) -> Option<Timestamp> {
        match self {
            State::Published { first_published_at, .. } | State::Unpublished { first_published_at, .. } => {
                Some(*first_published_at)
            }
            State::Draft | State::Processing | State::Ready(_) | State::Failed(_) => None,
        }
    }

    /// Why the pipeline gave up, where it did.
    pub const fn failure(&self) -> Option<&FailureCode> {
        match self {
            State::Failed(code) => Some(code),
            State::Draft
            | State::Processing
            | State::Ready(_)
            | State::Published { .. }
            | State::Unpublished { .. } => None,
        }
    }
}

impl StateName {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            StateName::Draft => "draft",
            StateName::Processing => "processing",
            StateName::Ready => "ready",
            StateName::Published => "published",
            StateName::Unpublished => "unpublished",
            StateName::Failed => "failed",
            StateName::Blocked => "blocked",
            StateName::Deleted => "deleted",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        use StateName::*;
        let all = [Draft, Processing, Ready, Published, Unpublished, Failed, Blocked, Deleted];
        all.into_iter().find(|state| state.as_str() == name)
    }
}
