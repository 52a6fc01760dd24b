//! What Admin decides on a video or an account. It stands beside what their owner says, Content or Auth, and who denies wins.

use crate::{AccountState, State};

/// Admin's latest decision on a video, or on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// One more with each decision on it.
    pub version: u64,
    /// Whether the video is blocked, or the account suspended.
    pub denies: bool,
}

/// What Admin may take back, whatever its owner says of it.
pub trait Deniable {
    /// What it is then. What is gone for good stays gone.
    #[must_use]
    fn denied(self) -> Self;
}

impl<M> Deniable for State<M> {
    fn denied(self) -> Self {
        match self {
            State::NeverPublished
            | State::Scheduled(_)
            | State::Published(_)
            | State::Unpublished
            | State::Blocked => State::Blocked,
            State::Deleted => State::Deleted,
        }
    }
}

impl Deniable for AccountState {
    fn denied(self) -> Self {
        match self {
            // One that is closed as well is suspended to Auth, too.
            AccountState::Active | AccountState::Suspended | AccountState::Closed => AccountState::Suspended,
            AccountState::Erased => AccountState::Erased,
        }
    }
}

/// What counts of what the owner says and what Admin decides, each the latest that was heard: it is given back once neither denies
/// it. The version is that of both together, so it grows with each of them, in whatever order they come.
pub fn merged<T: Deniable>((version, told): (u64, T), decision: Option<Decision>) -> (u64, T) {
    match decision {
        Some(Decision { version: decided, denies }) => {
            (version.saturating_add(decided), if denies { told.denied() } else { told })
        }
        None => (version, told),
    }
}
