//! The images that the pipeline tells of: which of them are believed, and which are to be cleared from the store.

use content_domain::{
    ImageType, MADE_THUMBNAILS_MAX, Outcome, Pixels, Processed, Thumbnail, Video, thumbnails_of_upload,
};
use content_images::{CLEARED_AFTER, clear_upload_later};
use content_storage::{self as storage, Owner, ReadError};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::Received;
use mcsp_function::Context;
use mcsp_ids::{UploadId, UserId, VideoId};
use serde::Deserialize;

/// A key of S3 is not longer than this.
const KEY_MAX_BYTES: usize = 1_024;

/// An image as the pipeline tells of it.
#[derive(Deserialize)]
pub(crate) struct Told {
    key: String,
    content_type: ImageType,
    width: u32,
    height: u32,
    time_ms: Option<u64>,
}

/// Takes the images of an upload, each with an id; none of them where one can't be believed.
pub(crate) fn believed(
    context: &Context,
    (video, upload): (VideoId, UploadId),
    told: Vec<Told>,
) -> Option<Vec<Thumbnail>> {
    let prefix = thumbnails_of_upload(video, upload);
    if told.len() > MADE_THUMBNAILS_MAX || !told.iter().all(|told| is_believable(&prefix, told)) {
        return None;
    }
    let taken = told.into_iter().map(|Told { key, content_type, width, height, time_ms }| Thumbnail {
        id: context.new_id(),
        key,
        content_type,
        width,
        height,
        time_ms,
    });
    Some(taken.collect())
}

/// A URL is signed for the key: it must lie below the upload's prefix, and be read by every store in one way.
fn is_believable(prefix: &str, told: &Told) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_segment =
        |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(is_plain);
    let name = told.key.strip_prefix(prefix);
    told.key.len() <= KEY_MAX_BYTES
        && name.is_some_and(|name| name.split('/').all(is_segment))
        && Pixels { width: told.width, height: told.height }.is_shown()
        // Other languages' signed numbers must hold it.
        && told.time_ms.is_none_or(|ms| i64::try_from(ms).is_ok())
}

/// What of an outcome is taken for a video of this owner. Of one who is erased no image is: those that came are cleared, as all of which
/// nothing was taken.
pub(crate) fn wanted_by(owner: Option<Owner>, outcome: Processed) -> Processed {
    if owner.is_some_and(|owner| owner.is_erased) { outcome.without_thumbnails() } else { outcome }
}

/// The same where it is not known yet whether the owner is erased; with the statements that let the transaction fail where something else
/// is known of the account by then, and come first in it. Where no images are told of, it does not matter whose the video is.
pub(crate) async fn wanted(
    context: &Context,
    owner_id: UserId,
    outcome: Processed,
) -> Result<(Processed, Vec<GuardedStatement>), ReadError> {
    if !tells_of_some(Some(&outcome)) {
        return Ok((outcome, Vec::new()));
    }
    let owner = storage::owner(context, owner_id).await?;
    let known = vec![storage::lock_owner(owner_id), storage::owner_is(owner_id, owner)];
    Ok((wanted_by(owner, outcome), known))
}

/// Whether an outcome brings images.
pub(crate) fn tells_of_some(outcome: Option<&Processed>) -> bool {
    matches!(outcome, Some(Processed::Completed(media)) if !media.thumbnails.is_empty())
}

/// What has images cleared from the store that an outcome leaves behind: those of the file before, and those that came with an
/// outcome of which nothing was taken.
pub(crate) fn left_behind(
    context: &Context,
    received: &Received,
    made: (UploadId, bool),
    (before, outcome): (Option<UploadId>, &Outcome),
) -> impl Iterator<Item = GuardedStatement> + use<> {
    let video = outcome.video();
    let is_other = matches!(outcome, Outcome::Changed(change) if change.video.origin.upload != before);
    let replaced = before.filter(|_| is_other).map(|before| {
        // Pages that show them may be open.
        let due_at = context.now() + CLEARED_AFTER;
        clear_upload_later(context, &received.trace, (video.origin.id, before), due_at)
    });
    replaced.into_iter().chain(not_taken(context, received, made, Some(video)))
}

/// What clears the images that came with an upload's outcome of which the video has taken nothing.
pub(crate) fn not_taken(
    context: &Context,
    received: &Received,
    (upload, told_of_some): (UploadId, bool),
    video: Option<&Video>,
) -> Option<GuardedStatement> {
    let video = video.filter(|_| told_of_some)?;
    let is_kept = video.origin.upload == Some(upload) && !video.made_thumbnails().is_empty();
    (!is_kept).then(|| clear_upload_later(context, &received.trace, (video.origin.id, upload), context.now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "thumbnails/v/u/";

    fn told(key: &str) -> Told {
        Told { key: key.to_owned(), content_type: ImageType::Jpeg, width: 640, height: 360, time_ms: Some(1) }
    }

    #[test]
    fn an_image_lies_below_its_uploads_prefix() {
        for good in ["1.jpg", "large/1.jpg", "a_b-c.webp"] {
            assert!(is_believable(PREFIX, &told(&format!("{PREFIX}{good}"))), "{good}");
        }
        for bad in [
            "",
            "/1.jpg",
            "../1.jpg",
            "a/../1.jpg",
            "a//1.jpg",
            "a/./1",
            "ä.jpg",
            "a b.jpg",
            "1.jpg?x",
            "%2e",
        ] {
            assert!(!is_believable(PREFIX, &told(&format!("{PREFIX}{bad}"))), "{bad}");
        }
        for elsewhere in
            ["thumbnails/v/1.jpg", "thumbnails/w/u/1.jpg", "packaged/v/1.jpg", "/thumbnails/v/u/1.jpg"]
        {
            assert!(!is_believable(PREFIX, &told(elsewhere)), "{elsewhere}");
        }
        assert!(!is_believable(PREFIX, &told(&format!("{PREFIX}{}", "x".repeat(KEY_MAX_BYTES)))));
    }

    #[test]
    fn an_image_has_sides_and_a_time() {
        let good = || told(&format!("{PREFIX}1.jpg"));
        assert!(is_believable(PREFIX, &Told { time_ms: None, ..good() }));
        for bad in [
            Told { width: 0, ..good() },
            Told { height: 5_000, ..good() },
            Told { time_ms: Some(u64::MAX), ..good() },
        ] {
            assert!(!is_believable(PREFIX, &bad));
        }
    }
}
