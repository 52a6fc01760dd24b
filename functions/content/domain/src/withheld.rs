//! Videos that are kept back, whatever their owners want: by a decision on the video, or because of its owner's account.
//!
//! What a video is beneath goes on: the pipeline finishes, its owner edits, and all of it is there when it is given back.

use crate::{Happened, Outcome, StateName, Video};
use jiff::Timestamp;

/// Why a video is kept back; the default is that it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    /// The last decision on it, once there was one.
    pub decision: Option<Decision>,
    /// Its owner's account is suspended, closed or gone.
    pub by_account: bool,
}

/// What an administrator has decided on a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// One more with each decision on the video.
    pub version: i64,
    /// Whether it is blocked from then on.
    pub blocked: bool,
}

impl Withheld {
    /// Whether anything keeps it back.
    pub fn is_in_force(&self) -> bool {
        self.by_account || self.decision.is_some_and(|decision| decision.blocked)
    }
}

impl Video {
    /// The state that it shows.
    pub fn shown_state(&self) -> StateName {
        if self.deletion.is_some() {
            StateName::Deleted
        } else if self.withheld.is_in_force() {
            StateName::Blocked
        } else {
            self.state.name()
        }
    }

    /// Takes note of a decision. What is older than the last one changes nothing, whenever it comes.
    pub fn decided(self, decision: Decision, now: Timestamp) -> Outcome {
        let is_old = self.withheld.decision.is_some_and(|known| known.version >= decision.version);
        if is_old || self.is_purged() {
            return Outcome::Unchanged(self);
        }
        let withheld = Withheld { decision: Some(decision), ..self.withheld };
        self.with_withheld(withheld, now)
    }

    /// Takes note of whether its owner's account is there to have something shown.
    pub fn of_account(self, is_active: bool, now: Timestamp) -> Outcome {
        let by_account = !is_active;
        if self.withheld.by_account == by_account || self.is_purged() {
            return Outcome::Unchanged(self);
        }
        let withheld = Withheld { by_account, ..self.withheld };
        self.with_withheld(withheld, now)
    }

    fn with_withheld(self, withheld: Withheld, now: Timestamp) -> Outcome {
        let happened = if withheld.is_in_force() { Happened::Blocked } else { Happened::Restored };
        let state = self.state.clone();
        Video { withheld, ..self }.changed(state, happened, now)
    }
}
