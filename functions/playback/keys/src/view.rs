//! Keys, as administrators see them: what each is for now, and until when. Nobody is shown a secret here.

use jiff::Timestamp;
use mcsp_paging::Page;
use mcsp_rotation::KeyRole;
use playback_keyring::{Keys, Known};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlaybackKey")]
pub(crate) struct KeyView {
    /// Which key: what URLs name in their token.
    #[schemars(example = &"rZ0xqKJm3F1bVtQa")]
    kid: String,
    /// What it is for now: it will sign, it signs, what it signed may still be good, or it is of no use any more.
    #[schemars(extend("enum" = ["next", "current", "previous", "gone"]))]
    role: &'static str,
    /// Whether it stands in the configuration. Such a key does not leave by itself.
    configured: bool,
    /// From when on the edge is given it; null where that was always so.
    published_at: Option<Timestamp>,
    /// From when on it signs, until another one does; null where that was always so.
    signs_from: Option<Timestamp>,
    /// When the edge is no longer given it, where that is known.
    leaves_at: Option<Timestamp>,
    /// From when on it is neither used nor given to the edge; null unless it was compromised.
    revoked_at: Option<Timestamp>,
}

/// All keys, the newest first. There are few: one page holds them.
pub(crate) fn page(keys: &Keys, at: Timestamp) -> Page<KeyView> {
    let view = |(known, role): (&Known, KeyRole)| {
        let times = known.stored.as_ref().map(|stored| stored.times);
        // A row of a key of the configuration says only that it is revoked.
        let made = times.filter(|_| !known.is_configured);
        KeyView {
            kid: known.kid.clone(),
            role: role.as_str(),
            configured: known.is_configured,
            published_at: made.map(|times| times.published_at),
            signs_from: made.map(|times| times.signs_from),
            leaves_at: keys.leaves_at(&known.kid),
            revoked_at: times.and_then(|times| times.revoked_at),
        }
    };
    Page { items: keys.roles(at).rev().map(view).collect(), next_cursor: None }
}
