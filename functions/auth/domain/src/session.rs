//! Sessions: the devices on which an account is signed in.

use crate::{Account, Inactive};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{AuthSessionId, UserId};
use std::net::IpAddr;

/// How long an access token is valid, and with it a session: nothing prolongs one yet.
pub const ACCESS_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Characters of a user agent that are kept.
const USER_AGENT_MAX_CHARS: usize = 256;

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session, and the `sid` of its tokens.
    pub id: AuthSessionId,
    /// Whose.
    pub account: UserId,
    /// Where.
    pub device: Device,
    /// When the account signed in.
    pub created_at: Timestamp,
    /// When it last got a token.
    pub last_seen_at: Timestamp,
    /// When its last token ends.
    pub expires_at: Timestamp,
}

/// What is known of a device. Its owner is to recognize it; nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Its network address.
    pub address: Option<IpAddr>,
}

impl Device {
    /// Takes what a request tells: as much of the user agent as is worth keeping.
    pub fn new(user_agent: Option<&str>, address: Option<IpAddr>) -> Self {
        let printable = |text: &str| -> String {
            text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS).collect()
        };
        Device { user_agent: user_agent.map(printable).filter(|text| !text.is_empty()), address }
    }
}

impl Session {
    /// Signs an account in, if it may be.
    pub fn begin(
        id: AuthSessionId,
        account: &Account,
        device: Device,
        at: Timestamp,
    ) -> Result<Session, Inactive> {
        account.may_sign_in()?;
        Ok(Session {
            id,
            account: account.id,
            device,
            created_at: at,
            last_seen_at: at,
            expires_at: at + ACCESS_TOKEN_LIFE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_kept_short_and_printable() {
        let device = |text: &str| Device::new(Some(text), None).user_agent;
        assert_eq!(device("curl/8\u{0}\u{1b}[31m"), Some("curl/8[31m".into()));
        assert_eq!(device(""), None);
        assert_eq!(device(&"ü".repeat(300)).unwrap().chars().count(), USER_AGENT_MAX_CHARS);
    }
}
