//! The read model of videos in Redis.

use crate::content::{Loaded, Source};
use crate::model::{Version, decode, encode};
use crate::reply::{Fields, command, number, parsed, run};
use crate::unconfirmed::{Keeping, stale_ms};
use crate::{Redis, StoreError, keys};
use jiff::Timestamp;
use mcsp_ids::VideoId;

const KEEP: &str = include_str!("lua/video.lua");
/// What nobody plays for a day leaves Redis; Postgres has it.
const VIDEO_TTL: Keeping = Keeping::confirmed(24 * 60 * 60 * 1000);

/// Keeps a version that a store has, unless a later one is known.
pub async fn keep(redis: impl Into<Redis<'_>>, id: VideoId, version: &Version) -> Result<(), StoreError> {
    keep_for(redis.into(), id, version, VIDEO_TTL).await
}

/// The same on another word, or for as long as that is good.
pub(crate) async fn keep_for(
    redis: Redis<'_>,
    id: VideoId,
    version: &Version,
    keeping: Keeping,
) -> Result<(), StoreError> {
    let mut arguments = vec![number(version.number), encode(&version.video)];
    arguments.extend(keeping.arguments(version.number));
    run(redis, KEEP, vec![keys::video(id)], arguments).await.map(drop)
}

/// Forgets what is known of a video.
pub async fn forget(redis: impl Into<Redis<'_>>, id: VideoId) -> Result<(), StoreError> {
    command(redis.into(), &["DEL", &keys::video(id)]).await.map(drop)
}

/// What Redis knows of a video, where it does.
pub async fn cached(
    redis: impl Into<Redis<'_>>,
    id: VideoId,
    now: Timestamp,
) -> Result<Option<Loaded>, StoreError> {
    let reply = command(redis.into(), &["HMGET", &keys::video(id), "version", "model", "since"]).await?;
    version(&mut Fields::new("video", reply)?, now)
}

/// Reads version, model, and since when no store could confirm them; none where there are none.
pub(crate) fn version(fields: &mut Fields, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
    let (number, model) = (fields.bytes(), fields.bytes());
    let since = fields.bytes();
    let (Some(number), Some(model)) = (number, model) else { return Ok(None) };
    let (Some(number), Some(video)) = (parsed(&number), decode(&model)) else {
        return Err(fields.unreadable());
    };
    let version = Version { number, video };
    let stale_ms = stale_ms(since.as_deref(), version.number, now);
    Ok(Some(Loaded { version, source: Source::Redis, stale_ms }))
}
