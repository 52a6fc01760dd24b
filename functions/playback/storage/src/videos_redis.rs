//! The read model of videos in Redis.

use crate::model::{Version, decode, encode};
use crate::reply::{Fields, command, number, run};
use crate::{StoreError, keys};
use mcsp_bridge_api::Bridge;
use mcsp_ids::VideoId;

const KEEP: &str = include_str!("lua/video.lua");
/// What nobody plays for a day leaves Redis; Postgres has it.
const VIDEO_TTL_MS: u64 = 24 * 60 * 60 * 1000;

/// Keeps a version, unless a later one is known.
pub async fn keep(bridge: &dyn Bridge, id: VideoId, version: &Version) -> Result<(), StoreError> {
    let arguments = vec![number(version.number), encode(&version.video), number(VIDEO_TTL_MS)];
    run(bridge, KEEP, vec![keys::video(id)], arguments).await.map(drop)
}

/// What Redis knows of a video, where it does.
pub async fn cached(bridge: &dyn Bridge, id: VideoId) -> Result<Option<Version>, StoreError> {
    let reply = command(bridge, &["HMGET", &keys::video(id), "version", "model"]).await?;
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
