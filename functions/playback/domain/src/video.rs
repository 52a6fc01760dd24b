//! What Playback knows of a video.

use jiff::Timestamp;
use mcsp_embedding::Embedding;
use mcsp_ids::UserId;
use mcsp_regions::Regions;

/// A video. `M` is what can be played of it, which only [`decide`](crate::decide) hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video<M> {
    /// Whose it is.
    pub owner: UserId,
    /// Whether it is there to be played.
    pub state: State<M>,
    /// To whom it is visible.
    pub visibility: Visibility,
    /// Where it may be played.
    pub regions: Regions,
    /// How old one must be to play it.
    pub minimum_age: Option<u8>,
    /// Who works on it beside its owner: they play it where it is private or asks for a password.
    pub collaborators: Vec<UserId>,
    /// Which pages may embed it.
    pub embedding: Embedding,
}

impl<M> Video<M> {
    /// The level of the plan that this account must have.
    pub fn asks_for_plan(&self, user: UserId) -> Option<u32> {
        match self.visibility {
            Visibility::Subscribers(level) if user != self.owner => Some(level),
            Visibility::Subscribers(_)
            | Visibility::Public
            | Visibility::Unlisted
            | Visibility::Private
            | Visibility::Password(_) => None,
        }
    }
}

/// Whether a video is there to be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<M> {
    /// It never was: a draft, in processing, ready or failed.
    NeverPublished,
    /// It is not, and will be then.
    Scheduled(Timestamp),
    /// It is.
    Published(M),
    /// It was, and its owner took it back.
    Unpublished,
    /// Moderation took it back.
    Blocked,
    /// It is gone.
    Deleted,
}

impl<M> State<M> {
    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            State::NeverPublished => "never_published",
            State::Scheduled(_) => "scheduled",
            State::Published(_) => "published",
            State::Unpublished => "unpublished",
            State::Blocked => "blocked",
            State::Deleted => "deleted",
        }
    }

    /// What can be played of it, where it is published.
    pub const fn media(&self) -> Option<&M> {
        match self {
            State::Published(media) => Some(media),
            State::NeverPublished
            | State::Scheduled(_)
            | State::Unpublished
            | State::Blocked
            | State::Deleted => None,
        }
    }
}

impl Visibility {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Unlisted => "unlisted",
            Visibility::Private => "private",
            Visibility::Subscribers(_) => "subscribers",
            Visibility::Password(_) => "password",
        }
    }
}

/// To whom a video is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// To all.
    Public,
    /// To all who know its id.
    Unlisted,
    /// To its owner.
    Private,
    /// To all who know its id; played by those whose plan has this level at least.
    Subscribers(u32),
    /// To all who know its id; played by those who have given one of its passwords, of which these are the present ones.
    Password(u64),
}
