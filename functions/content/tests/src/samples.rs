//! Samples: ids, and events as other services emit them.

use jiff::Timestamp;
use mcsp_ids::{DraftId, UploadId, UserId, VideoId};
use mcsp_testbed::new_id;
use serde_json::{Value, json};

/// The upload's event.
pub const INITIATED: &str = "mcsp.upload.session.initiated.v1";
/// The draft's event.
pub const SUBMITTED: &str = "mcsp.upload.draft.submitted.v1";
/// The pipeline's events.
pub const COMPLETED: &str = "mcsp.pipeline.processing.completed.v1";
/// The pipeline's events.
pub const FAILED: &str = "mcsp.pipeline.processing.failed.v1";

/// What administrators decide on videos.
pub const BLOCKED: &str = "mcsp.admin.video.blocked.v1";
/// What administrators decide on videos.
pub const RESTORED: &str = "mcsp.admin.video.restored.v1";
/// What Auth tells of accounts; the state says all.
pub const ACCOUNT: &str = "mcsp.auth.account.changed.v1";

/// A video's id.
pub fn new_video_id() -> VideoId {
    new_id()
}

/// A user's id.
pub fn new_user_id() -> UserId {
    new_id()
}

/// The upload's state.
pub fn initiated(video: VideoId, owner: UserId) -> Value {
    let object = json!({"bucket": "uploads", "key": "k", "size_bytes": 1, "content_type": "video/mp4",
        "checksum_sha256": null});
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "owner_id": owner,
        "version": 2, "region": "eu", "object": object})
}

/// A draft's state, as it was submitted at this second.
pub fn submitted(video: VideoId, owner: UserId, second: i64, draft: Value) -> Value {
    let submitted_at = Timestamp::from_second(second).expect("a time");
    json!({"draft_id": DraftId::from_uuid(video.uuid()), "upload_id": UploadId::from_uuid(video.uuid()),
        "video_id": video, "owner_id": owner, "version": 2, "submitted_at": submitted_at, "draft": draft})
}

/// The pipeline's good end.
pub fn completed(video: VideoId) -> Value {
    let rendition = json!({"name": "360p", "width": 640, "height": 360, "bitrate_bps": 800_000,
        "codecs": "avc1.4d401e,mp4a.40.2"});
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "state": "completed",
        "progress_percent": 100, "duration_ms": 2_000, "renditions": [rendition],
        "packaged": {"prefix": format!("packaged/{video}/"), "hls": "master.m3u8", "dash": "manifest.mpd"}, "reason_code": null})
}

/// The pipeline's bad end.
pub fn failed(video: VideoId) -> Value {
    json!({"upload_id": UploadId::from_uuid(video.uuid()), "video_id": video, "state": "failed",
        "progress_percent": 10, "duration_ms": null, "renditions": [], "packaged": null,
        "reason_code": "unreadable_input"})
}

/// The pipeline's good end with another file for a video, which plays so long.
pub fn replaced(video: VideoId, upload: UploadId, duration_ms: u64) -> Value {
    let mut replaced = completed(video);
    replaced["upload_id"] = json!(upload);
    replaced["replaces"] = json!(true);
    replaced["duration_ms"] = json!(duration_ms);
    replaced["packaged"]["prefix"] = json!(format!("packaged/{video}/{upload}/"));
    replaced
}

/// A decision on a video, with the event's type.
pub fn decided(video: VideoId, version: i64, blocked: bool) -> (&'static str, Value) {
    let kind = if blocked { BLOCKED } else { RESTORED };
    (kind, json!({"video_id": video, "version": version, "blocked": blocked, "reason_code": "spam"}))
}

/// An account's state.
pub fn account(user: UserId, version: i64, state: &str) -> Value {
    json!({"user_id": user, "version": version, "state": state, "roles": ["creator"], "region": "eu",
        "email_verified": true})
}
