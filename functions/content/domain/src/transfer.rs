//! A video that becomes another account's.

use crate::{Change, Happened, Origin, State, Video};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::UserId;

/// How long an offer can be accepted.
const OFFERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A video that its owner would give to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose it is.
    pub from: UserId,
    /// Whose it is to be.
    pub to: UserId,
    /// Since when.
    pub offered_at: Timestamp,
    /// From when on it can't be accepted.
    pub expires_at: Timestamp,
}

/// Why a video can't become another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTransferable {
    /// Nobody knows yet what it will be.
    #[error("the video has no file yet, or it is still being processed")]
    NotReady,
    /// It is kept back from all.
    #[error("the video is blocked")]
    Blocked,
    /// There is nothing to have, unless it is given back.
    #[error("the video is deleted")]
    Deleted,
    /// It is theirs.
    #[error("the video is theirs")]
    Theirs,
}

impl Offer {
    /// One that is made now.
    pub fn new(from: UserId, to: UserId, now: Timestamp) -> Self {
        Offer { from, to, offered_at: now, expires_at: now + OFFERED }
    }

    /// Whether it is there, for this account. Nobody else is to know of it.
    pub fn is_open_to(&self, user: UserId, now: Timestamp) -> bool {
        (user == self.from || user == self.to) && now < self.expires_at
    }
}

impl Video {
    /// Whether it can become this account's.
    pub fn check_transfer(&self, to: UserId) -> Result<(), NotTransferable> {
        if self.deletion.is_some() {
            return Err(NotTransferable::Deleted);
        }
        if self.withheld.is_in_force() {
            return Err(NotTransferable::Blocked);
        }
        match &self.state {
            State::Draft | State::Processing => return Err(NotTransferable::NotReady),
            State::Ready(_) | State::Published { .. } | State::Unpublished { .. } | State::Failed(_) => {}
        }
        if self.origin.owner == to { Err(NotTransferable::Theirs) } else { Ok(()) }
    }

    /// Makes it this account's. Who had it has nothing to do with it any more; whoever else works on it goes on.
    pub fn transfer(self, to: UserId, now: Timestamp) -> Result<Change, NotTransferable> {
        self.check_transfer(to)?;
        let origin = Origin { owner: to, ..self.origin.clone() };
        let collaborators = self.collaborators.clone().without(to);
        let version = self.version + 1;
        let video = Video { origin, version, collaborators, updated_at: now, ..self };
        Ok(Change { video, happened: Happened::Transferred })
    }
}
