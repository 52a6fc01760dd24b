//! What Playback knows of an account.

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
