//! How long things take here, and how often they are tried.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use upload_domain::Upload;

/// How long an upload may take.
pub(crate) const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long a signed URL is good. Another can be had as long as the upload is open.
const URL_VALID_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How often a change is decided anew after another request was first. Every round that is lost was won by
/// another request, and an upload has only so many changes.
pub const ATTEMPTS_MAX: u32 = 8;

/// Until when a URL that is signed now is good.
pub fn url_expires_at(upload: &Upload, now: Timestamp) -> Timestamp {
    upload.expires_at.min(now + URL_VALID_FOR)
}

/// From one moment to another; nothing where it has passed.
pub fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}
