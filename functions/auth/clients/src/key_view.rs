//! Signing keys, as administrators see them: what each is for now, and until when.

use auth_domain::ACCESS_TOKEN_LIFE;
use auth_storage::signing_keys::StoredKey;
use jiff::Timestamp;
use mcsp_paging::Page;
use mcsp_rotation::{KeyRole, KeySchedule, KeyTimes};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SigningKey")]
pub(crate) struct KeyView {
    /// Which key: what tokens name in their header.
    #[schemars(example = &"k7")]
    kid: String,
    /// What it is for now: it will sign, it signs, its tokens may still be valid, or it is of no use any more.
    #[schemars(extend("enum" = ["next", "current", "previous", "gone"]))]
    role: &'static str,
    /// From when on it is published.
    published_at: Timestamp,
    /// From when on it signs, until another one does.
    signs_from: Timestamp,
    /// When it is no longer published, where that is known.
    leaves_at: Option<Timestamp>,
    /// From when on it is neither used nor published; null unless it was compromised.
    revoked_at: Option<Timestamp>,
}

/// All keys, the newest first. There are few: one page holds them.
pub(crate) fn page(keys: &[StoredKey], at: Timestamp) -> Page<KeyView> {
    let schedule = schedule(keys);
    let view = |(index, (key, role)): (usize, (&StoredKey, KeyRole))| {
        let KeyTimes { published_at, signs_from, revoked_at } = key.times;
        let (kid, leaves_at) = (key.kid.clone(), schedule.leaves_at(index));
        KeyView { kid, role: role.as_str(), published_at, signs_from, leaves_at, revoked_at }
    };
    let mut items: Vec<_> = keys.iter().zip(schedule.roles(at)).enumerate().map(view).collect();
    items.reverse();
    Page { items, next_cursor: None }
}

pub(crate) fn schedule(keys: &[StoredKey]) -> KeySchedule {
    KeySchedule::new(keys.iter().map(|key| key.times).collect(), ACCESS_TOKEN_LIFE)
}
