//! What Playback knows of an account.

use crate::{Entitlements, Subscription};
use jiff::Timestamp;

/// What is known of an account beside what its access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it is on its way: active, where nothing else is known.
    pub state: AccountState,
    /// What it has subscribed to.
    pub subscription: Option<Subscription>,
}

impl Standing {
    /// Of an account of which nothing is known.
    pub const UNKNOWN: Standing = Standing { state: AccountState::Active, subscription: None };

    /// How many streams the account may have open: as many as its plan has, and never fewer than without one.
    pub fn stream_limit(&self, without_plan: u32, now: Timestamp) -> u32 {
        self.entitlements(now).map_or(without_plan, |plan| plan.streams().max(without_plan))
    }

    /// How many devices the account may have, alike.
    pub fn device_limit(&self, without_plan: u32, now: Timestamp) -> u32 {
        let devices = self.entitlements(now).and_then(Entitlements::devices);
        devices.map_or(without_plan, |devices| devices.max(without_plan))
    }

    fn entitlements(&self, now: Timestamp) -> Option<&Entitlements> {
        self.subscription.as_ref()?.entitles(now)
    }
}

/// Where an account is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// It is in use.
    Active,
    /// It was taken away from its owner for a while.
    Suspended,
    /// Its owner closed it, and may take it back.
    Closed,
    /// It is gone for good.
    Erased,
}

impl AccountState {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccountState::Active => "active",
            AccountState::Suspended => "suspended",
            AccountState::Closed => "closed",
            AccountState::Erased => "erased",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        use AccountState::*;
        [Active, Suspended, Closed, Erased].into_iter().find(|state| state.as_str() == name)
    }
}
