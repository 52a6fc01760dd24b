//! Sessions: the devices on which an account is signed in.

use crate::{Account, Authentication, Inactive};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{AuthSessionId, ClientId, RefreshFamilyId, UserId};
use std::net::IpAddr;

/// How long an access token is valid.
pub const ACCESS_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long a session lasts that nobody uses.
pub const SESSION_IDLE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long any session lasts: then a person has to sign in again.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);

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
    /// How its owner was authenticated last.
    pub authentication: Authentication,
    /// When the account signed in.
    pub created_at: Timestamp,
    /// When it last got a token.
    pub last_seen_at: Timestamp,
    /// When it ends, unless it is used before.
    pub expires_at: Timestamp,
}

/// What a client was given in a session: the line of refresh tokens of which only the last one is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// The family.
    pub id: RefreshFamilyId,
    /// Where: it ends with the session.
    pub session: AuthSessionId,
    /// To whom; none for a session that was begun with the platform itself.
    pub client: Option<ClientId>,
    /// What the client may ask for, space-separated.
    pub scope: String,
    /// The thumbprint of the key that its refresh tokens are bound to (RFC 9449 section 5).
    pub key: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

impl RefreshFamily {
    /// For a session that is begun with the platform itself.
    pub fn first_party(id: RefreshFamilyId, session: &Session) -> Self {
        let created_at = session.created_at;
        RefreshFamily { id, session: session.id, client: None, scope: String::new(), key: None, created_at }
    }
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
        authentication: Authentication,
        at: Timestamp,
    ) -> Result<Session, Inactive> {
        account.may_sign_in()?;
        Ok(Session {
            id,
            account: account.id,
            device,
            authentication,
            created_at: at,
            last_seen_at: at,
            expires_at: Session::expiry(at, at),
        })
    }

    /// Its owner was authenticated again.
    #[must_use]
    pub fn authenticated_again(self, authentication: Authentication) -> Session {
        let last_seen_at = authentication.at;
        let expires_at = Session::expiry(self.created_at, last_seen_at);
        Session { authentication, last_seen_at, expires_at, ..self }
    }

    /// When a session ends that began then and was last used then.
    pub fn expiry(created_at: Timestamp, last_seen_at: Timestamp) -> Timestamp {
        (last_seen_at + SESSION_IDLE_MAX).min(created_at + SESSION_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_not_used_or_gets_old() {
        let began = Timestamp::UNIX_EPOCH;
        let day = |days: i64| began + SignedDuration::from_hours(24 * days);
        for (last_seen, ends) in [(0, 30), (1, 31), (59, 89), (60, 90), (61, 90), (90, 90)] {
            assert_eq!(Session::expiry(began, day(last_seen)), day(ends), "last seen on day {last_seen}");
        }
    }

    #[test]
    fn a_user_agent_is_kept_short_and_printable() {
        let device = |text: &str| Device::new(Some(text), None).user_agent;
        assert_eq!(device("curl/8\u{0}\u{1b}[31m"), Some("curl/8[31m".into()));
        assert_eq!(device(""), None);
        assert_eq!(device(&"ü".repeat(300)).unwrap().chars().count(), USER_AGENT_MAX_CHARS);
    }
}
