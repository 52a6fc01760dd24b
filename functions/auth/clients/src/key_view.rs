//! Signing keys, as administrators see them: what each is for now, and until when.

use auth_domain::{KeySchedule, KeyTimes};
use auth_storage::signing_keys::StoredKey;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct KeyView {
    kid: String,
    role: &'static str,
    published_at: Timestamp,
    signs_from: Timestamp,
    /// When it is no longer published, where that is known.
    leaves_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// All keys, the newest first.
#[derive(Serialize)]
pub(crate) struct KeysView {
    items: Vec<KeyView>,
    /// There are few: one page holds them.
    next_cursor: Option<String>,
}

impl KeysView {
    pub(crate) fn new(keys: &[StoredKey], at: Timestamp) -> Self {
        let schedule = schedule(keys);
        let view = |(index, (key, role)): (usize, (&StoredKey, auth_domain::KeyRole))| {
            let KeyTimes { published_at, signs_from, revoked_at } = key.times;
            let (kid, leaves_at) = (key.kid.clone(), schedule.leaves_at(index));
            KeyView { kid, role: role.as_str(), published_at, signs_from, leaves_at, revoked_at }
        };
        let mut items: Vec<_> = keys.iter().zip(schedule.roles(at)).enumerate().map(view).collect();
        items.reverse();
        KeysView { items, next_cursor: None }
    }
}

pub(crate) fn schedule(keys: &[StoredKey]) -> KeySchedule {
    KeySchedule::new(keys.iter().map(|key| key.times).collect())
}
