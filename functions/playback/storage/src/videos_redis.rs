//! The read model of videos in Redis.

use crate::model::{Version, decode, encode};
use crate::reply::{Fields, command, number, run};
use crate::{Redis, StoreError, keys};
use mcsp_ids::VideoId;

const KEEP: &str = include_str!("lua/video.lua");
/// What nobody plays for a day leaves Redis; Postgres has it.
const VIDEO_TTL_MS: u64 = 24 * 60 * 60 * 1000;

/// Keeps a version, unless a later one is known.
pub async fn keep(redis: impl Into<Redis<'_>>, id: VideoId, version: &Version) -> Result<(), StoreError> {
    keep_for(redis, id, version, VIDEO_TTL_MS).await
}

/// The same, for so long.
pub(crate) async fn keep_for(
    redis: impl Into<Redis<'_>>,
    id: VideoId,
    version: &Version,
    ttl_ms: u64,
) -> Result<(), StoreError> {
    let arguments = vec![number(version.number), encode(&version.video), number(ttl_ms)];
    run(redis.into(), KEEP, vec![keys::video(id)], arguments).await.map(drop)
}

/// What Redis knows of a video, where it does.
pub async fn cached(redis: impl Into<Redis<'_>>, id: VideoId) -> Result<Option<Version>, StoreError> {
    let reply = command(redis.into(), &["HMGET", &keys::video(id), "version", "model"]).await?;
    version(&mut Fields::new("video", reply)?)
}

/// Reads version and model; none where there are none.
pub(crate) fn version(fields: &mut Fields) -> Result<Option<Version>, StoreError> {
    let (Some(number), Some(model)) = (fields.bytes(), fields.bytes()) else { return Ok(None) };
    let number = std::str::from_utf8(&number).ok().and_then(|text| text.parse().ok());
    match (number, decode(&model)) {
        (Some(number), Some(video)) => Ok(Some(Version { number, video })),
        _ => Err(fields.unreadable()),
    }
}
