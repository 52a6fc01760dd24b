//! Images of a video, taken from its picture.

use super::media::{self, MediaError, Source};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// When they are taken, in hundredths of what the video plays.
const TAKEN_AT_PERCENT: [u64; 3] = [10, 50, 90];
/// As the event tells it.
const CONTENT_TYPE: &str = "image/jpeg";

/// An image that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Where it is on disk.
    pub(crate) file: PathBuf,
    /// What is told of it.
    pub(crate) told: Thumbnail,
}

/// An image as the event tells of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Thumbnail {
    /// Where it is, in the bucket of the file that it was taken from.
    pub(crate) key: String,
    pub(crate) content_type: &'static str,
    width: u32,
    height: u32,
    time_ms: u64,
}

/// Takes them. Of a time at which there is no picture there is none.
pub(crate) async fn take(
    file: &Path,
    source: Source,
    prefix: &str,
    scratch: &Path,
) -> Result<Vec<Taken>, MediaError> {
    let mut taken = Vec::new();
    for (index, percent) in TAKEN_AT_PERCENT.into_iter().enumerate() {
        let time_ms = source.duration_ms.saturating_mul(percent) / 100;
        let name = format!("{}.jpg", index + 1);
        let image = scratch.join(&name);
        media::picture(file, time_ms, &image, scratch).await?;
        let Ok(size) = imagesize::size(&image) else { continue };
        let (Ok(width), Ok(height)) = (u32::try_from(size.width), u32::try_from(size.height)) else {
            continue;
        };
        let told =
            Thumbnail { key: format!("{prefix}{name}"), content_type: CONTENT_TYPE, width, height, time_ms };
        taken.push(Taken { file: image, told });
    }
    Ok(taken)
}
