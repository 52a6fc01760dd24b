//! The names of Redis keys. Those of an account share its hash tag.

use mcsp_ids::{LicenceId, PlaybackSessionId, UserId, VideoId};

/// The read model of a video: a hash of `version`, `model`, and the names under which a yes is kept.
pub(crate) fn video(id: VideoId) -> String {
    format!("playback:video:{{{id}}}")
}

/// The keys of one account.
pub(crate) struct Account {
    prefix: String,
}

impl Account {
    pub(crate) fn new(user: UserId) -> Self {
        Account { prefix: format!("playback:{{{user}}}:") }
    }

    /// A sorted set: the open sessions by the time of their last heartbeat.
    pub(crate) fn streams(&self) -> String {
        self.key("streams", "")
    }

    /// A hash: see `lua/keep_position.lua`.
    pub(crate) fn positions(&self) -> String {
        self.key("positions", "")
    }

    /// A hash: `version` and `state` of the account itself, for as long as a token of an earlier state may be about.
    pub(crate) fn account(&self) -> String {
        self.key("account", "")
    }

    /// A hash: `version`, and what was `told` of what it has subscribed to.
    pub(crate) fn subscription(&self) -> String {
        self.key("subscription", "")
    }

    /// A hash: see `lua/device_limit.lua`.
    pub(crate) fn devices(&self) -> String {
        self.key("devices", "")
    }

    /// A hash: what is known of one session.
    pub(crate) fn session(&self, id: PlaybackSessionId) -> String {
        self.key("session:", &id.to_string())
    }

    /// A string: the session that was started under an Idempotency-Key.
    pub(crate) fn idempotency(&self, key: &str) -> String {
        self.key("key:", key)
    }

    /// A string: that a licence token was shown.
    pub(crate) fn licence(&self, id: LicenceId) -> String {
        self.key("licence:", &id.to_string())
    }

    fn key(&self, kind: &str, name: &str) -> String {
        let mut key = String::with_capacity(self.prefix.len() + kind.len() + name.len());
        key.push_str(&self.prefix);
        key.push_str(kind);
        key.push_str(name);
        key
    }
}
