//! An image of a video as users see it: with a URL that is good for a while.

use crate::Images;
use content_domain::{ImageType, Thumbnail, Video};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::ThumbnailId;
use mcsp_object_store::{Place, unavailable};
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// For as long a URL stays the same, so that caches can use what they have.
const SAME_FOR_S: i64 = 3_600;
/// For as long it is good from when it is signed: for an hour at least after it was given.
const GOOD_FOR_S: i64 = 2 * SAME_FOR_S;
/// What the store answers with: an image never changes, and who may see it is the business of who was given the URL.
const CACHE_CONTROL: &str = "private, max-age=3600, immutable";

/// An image of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Thumbnail")]
pub struct ThumbnailView {
    /// Which.
    pub id: ThumbnailId,
    /// Where it is loaded from, without any header: for an `<img>`. It stays the same for an hour.
    #[schemars(example = &"https://store.example/mcsp-uploads/thumbnails/video_01kb5t4v00e8ptxz3kd07gq2sn/thumbnail_01kb5t4v00e8ptxz3kd07gq2sn?X-Amz-Signature=c0ffee")]
    pub url: String,
    /// Until when the URL is good: for an hour at least. Another one comes with the next answer.
    pub url_expires_at: Timestamp,
    /// Pixels.
    #[schemars(example = 640)]
    pub width: u32,
    /// Pixels.
    #[schemars(example = 360)]
    pub height: u32,
    /// Its media type.
    pub content_type: ImageType,
    /// When the video shows it, where it was taken from there.
    #[schemars(example = 1_500)]
    pub time_ms: Option<u64>,
    /// Where it comes from.
    pub made_by: MadeBy,
    /// Whether it is the one that stands for the video.
    #[schemars(example = true)]
    pub is_shown: bool,
}

/// Where an image of a video comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ThumbnailMadeBy")]
pub enum MadeBy {
    /// It was taken from the video.
    Pipeline,
    /// The video's owner has sent it.
    Owner,
}

impl ThumbnailView {
    /// The image that stands for a video, where there is one.
    pub fn shown(images: &Images, video: &Video) -> Result<Option<Self>, Problem> {
        video.thumbnail().map(|thumbnail| Self::of(images, video, thumbnail)).transpose()
    }

    /// All images of a video.
    pub fn all(images: &Images, video: &Video) -> Result<Vec<Self>, Problem> {
        video.thumbnails().map(|thumbnail| Self::of(images, video, thumbnail)).collect()
    }

    /// An image of a video.
    pub fn of(images: &Images, video: &Video, thumbnail: &Thumbnail) -> Result<Self, Problem> {
        let bucket = images.bucket(video).map_err(|error| Problem::internal(&error))?;
        let signed_at = signed_at(images.context.now());
        let valid = Duration::from_secs(GOOD_FOR_S.unsigned_abs());
        let place = Place { bucket, key: &thumbnail.key };
        let url = images.store.sign_get(place, CACHE_CONTROL, signed_at, valid);
        let is_made = video.made_thumbnails().iter().any(|made| made.id == thumbnail.id);
        Ok(ThumbnailView {
            id: thumbnail.id,
            url: url.map_err(|error| unavailable(error.into()))?.into(),
            url_expires_at: signed_at + SignedDuration::from_secs(GOOD_FOR_S),
            width: thumbnail.width,
            height: thumbnail.height,
            content_type: thumbnail.content_type,
            time_ms: thumbnail.time_ms,
            made_by: if is_made { MadeBy::Pipeline } else { MadeBy::Owner },
            is_shown: video.thumbnail().is_some_and(|shown| shown.id == thumbnail.id),
        })
    }
}

/// The beginning of the hour: what is signed for the same time is the same URL.
fn signed_at(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(SAME_FOR_S)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_signed_for_the_hour() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, signed) in [(7_200, 7_200), (7_201, 7_200), (10_799, 7_200), (10_800, 10_800)] {
            assert_eq!(signed_at(at(now)), at(signed));
        }
    }
}
