//! What a token grants.

use crate::network::Network;
use crate::path::is_plain_directory;

const MAX_SESSION_ID_BYTES: usize = 128;

/// The right to read everything under a path prefix until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    path_prefix: String,
    session_id: String,
    expires_at_unix_s: u64,
    network: Option<Network>,
}

/// Why something cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrant {
    /// The prefix is not `segment/…/segment/` of ASCII letters, digits, `-`, `_` and `.`.
    #[error("the path prefix must consist of plain segments and end in a slash")]
    PathPrefix,
    /// The session id is empty or too long.
    #[error("the session id must have 1 to 128 bytes")]
    SessionId,
}

impl Grant {
    /// A grant; `path_prefix` without a slash at the start and with one at the end (`packaged/video_1/`),
    /// `expires_at_unix_s` in Unix seconds.
    ///
    /// # Errors
    /// A prefix or session id that cannot be signed.
    pub fn new(
        path_prefix: impl Into<String>,
        session_id: impl Into<String>,
        expires_at_unix_s: u64,
    ) -> Result<Self, InvalidGrant> {
        let (path_prefix, session_id) = (path_prefix.into(), session_id.into());
        if !is_plain_directory(&path_prefix) {
            return Err(InvalidGrant::PathPrefix);
        }
        if session_id.is_empty() || session_id.len() > MAX_SESSION_ID_BYTES {
            return Err(InvalidGrant::SessionId);
        }
        Ok(Self { path_prefix, session_id, expires_at_unix_s, network: None })
    }

    /// The same for viewers of one network alone, where there is one.
    #[must_use]
    pub fn within(self, network: Option<Network>) -> Self {
        Self { network, ..self }
    }

    /// What the path must begin with.
    #[must_use]
    pub fn path_prefix(&self) -> &str {
        &self.path_prefix
    }

    /// The playback session that it was given to.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Where the viewer must be, where it is bound.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        self.network
    }

    /// The first second at which it is refused.
    #[must_use]
    pub fn expires_at_unix_s(&self) -> u64 {
        self.expires_at_unix_s
    }
}
