//! The names of keys in the bridge's memory.

use mcsp_ids::{LicenceId, PlaybackSessionId, UserId, VideoId};

/// Everything of Playback's.
const PREFIX: &str = "playback:";
/// What is held until the stores have it. The kind of it follows.
pub(crate) const HELD_PREFIX: &str = "playback:held:";

/// A copy of a video's read model.
pub(crate) fn video(id: VideoId) -> String {
    format!("{PREFIX}video:{id}")
}

/// A copy of an account's state.
pub(crate) fn account(user: UserId) -> String {
    format!("{PREFIX}account:{user}")
}

/// A copy of what an account has subscribed to.
pub(crate) fn subscription(user: UserId) -> String {
    format!("{PREFIX}subscription:{user}")
}

/// A copy of an account's streams, as Redis had them.
pub(crate) fn streams(user: UserId) -> String {
    format!("{PREFIX}streams:{user}")
}

/// A copy of which devices an account has.
pub(crate) fn devices(user: UserId) -> String {
    format!("{PREFIX}devices:{user}")
}

/// What was opened and ended without Redis.
pub(crate) fn here(user: UserId) -> String {
    format!("{PREFIX}here:{user}")
}

/// A copy of what was started under an Idempotency-Key.
pub(crate) fn started(user: UserId, key: &str) -> String {
    format!("{PREFIX}key:{user}:{key}")
}

/// A licence token that was shown.
pub(crate) fn licence(id: LicenceId) -> String {
    format!("{PREFIX}licence:{id}")
}

/// A position: a copy, or held.
pub(crate) fn position(user: UserId, video: VideoId) -> String {
    format!("{HELD_PREFIX}position:{user}:{video}")
}

/// The end of a session.
pub(crate) fn end(user: UserId, session: PlaybackSessionId) -> String {
    format!("{HELD_PREFIX}end:{user}:{session}")
}

/// A copy of the keys that sign.
pub(crate) fn signing_keys() -> String {
    format!("{PREFIX}signing-keys")
}

/// Whoever has it makes a copy anew.
pub(crate) fn renewing(copy: &str) -> String {
    format!("{PREFIX}renewing:{}", copy.strip_prefix(PREFIX).unwrap_or(copy))
}

/// Whoever has it writes what is held to the stores.
pub(crate) fn turn() -> String {
    format!("{PREFIX}turn")
}

/// What a held key is of.
pub(crate) enum HeldKey {
    Position(UserId, VideoId),
    End(UserId, PlaybackSessionId),
}

impl HeldKey {
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let (kind, rest) = key.strip_prefix(HELD_PREFIX)?.split_once(':')?;
        let (user, of) = rest.split_once(':')?;
        let user = user.parse().ok()?;
        match kind {
            "position" => Some(HeldKey::Position(user, of.parse().ok()?)),
            "end" => Some(HeldKey::End(user, of.parse().ok()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_held_key_says_what_it_is_of() {
        let (user, video) = (UserId::from_uuid(Uuid::from_u128(1)), VideoId::from_uuid(Uuid::from_u128(2)));
        let session = PlaybackSessionId::from_uuid(Uuid::from_u128(3));
        assert!(matches!(HeldKey::parse(&position(user, video)),
            Some(HeldKey::Position(of, what)) if (of, what) == (user, video)));
        assert!(matches!(HeldKey::parse(&end(user, session)),
            Some(HeldKey::End(of, what)) if (of, what) == (user, session)));
        assert!(HeldKey::parse(&here(user)).is_none());
        assert!(HeldKey::parse("playback:held:position:user_1:video_1").is_none());
    }
}
