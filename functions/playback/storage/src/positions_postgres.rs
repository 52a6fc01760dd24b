//! Positions in Postgres: what survives Redis.

use crate::positions_redis::{self, Known, LOADED_MAX};
use crate::{Bounds, StoreError, memory};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;

/// Keeps a position, unless a later one is known. Gives the one that counts; the constraint
/// `positions_video` fails where there is no such video.
pub async fn save(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Position, StoreError> {
    let statements = vec![upsert(user, video, position), find(user, video).expecting(1)];
    let transaction = Transaction { consumed_event: None, statements, events: Vec::new() };
    let mut answers = bridge.transact(transaction).await?.into_iter().skip(1);
    let winner = answers.next().map(|rows| Rows::new("positions", rows).first(read)).transpose()?.flatten();
    winner.ok_or(StoreError::Inconsistent(Inconsistency {
        table: "positions",
        column: "position_ms",
        row: 0,
    }))
}

/// Keeps a position that was answered already. Where Postgres can't take it now it is held in the bridge's memory.
pub async fn write_behind(bridge: &dyn Bridge, user: UserId, video: VideoId, position: Position) {
    let statements = vec![upsert_of_known(user, video, position)];
    let transaction = Transaction { consumed_event: None, statements, events: Vec::new() };
    if bridge.transact(transaction).await.is_err() {
        // Without room it is in Redis alone, until the session's next write or its end.
        drop(memory::hold_position(bridge, user, video, position).await);
    }
}

/// What Postgres has of a position, for whoever can do without: none where it has none, or can't tell soon.
pub async fn try_find(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    video: VideoId,
) -> Option<Position> {
    let rows = bridge.try_query(find(user, video).into(), bounds.patience_ms).await.ok()?;
    Rows::new("positions", rows).first(read).ok()?
}

/// The viewer's position in a video: what Redis knows of it, and otherwise what Postgres has, which Redis then
/// knows too.
pub async fn settle(
    context: &Context,
    known: Known,
    user: UserId,
    video: VideoId,
) -> Result<Option<Position>, StoreError> {
    match known {
        Known::Yes(position) => Ok(position),
        Known::NotAmongNewest => look_up(context.bridge(), user, video).await,
        Known::No => load(context.bridge(), user, video).await,
    }
}

/// Loads the one position.
async fn look_up(bridge: &dyn Bridge, user: UserId, video: VideoId) -> Result<Option<Position>, StoreError> {
    match find_in_postgres(bridge, user, video).await? {
        Some(position) => positions_redis::put(bridge, user, video, position).await.map(Some),
        None => Ok(None),
    }
}

/// Loads an account's newest positions into Redis, and with them the one in this video.
async fn load(bridge: &dyn Bridge, user: UserId, video: VideoId) -> Result<Option<Position>, StoreError> {
    let statement = sql("SELECT video_id, position_ms, client_time FROM positions \
         WHERE user_id = $1 ORDER BY client_time DESC LIMIT $2")
    .bind(user.uuid())
    .bind(i64::try_from(LOADED_MAX).unwrap_or(i64::MAX));
    let newest = Rows::new("positions", bridge.query(statement.into()).await?).map(|row| {
        let video = VideoId::from_uuid(row.take("video_id")?);
        Ok((video, read(row)?))
    })?;
    positions_redis::refill(bridge, user, &newest).await?;
    match newest.iter().find(|(id, _)| *id == video) {
        Some((_, position)) => Ok(Some(*position)),
        None if newest.len() < LOADED_MAX => Ok(None),
        None => look_up(bridge, user, video).await,
    }
}

/// What Postgres has of a position.
pub async fn find_in_postgres(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
) -> Result<Option<Position>, StoreError> {
    let rows = bridge.query(find(user, video).into()).await?;
    Ok(Rows::new("positions", rows).first(read)?)
}

/// The statement that forgets all of an account's positions.
pub fn forget(user: UserId) -> GuardedStatement {
    sql("DELETE FROM positions WHERE user_id = $1").bind(user.uuid()).unguarded()
}

fn find(user: UserId, video: VideoId) -> Sql {
    sql("SELECT position_ms, client_time FROM positions WHERE user_id = $1 AND video_id = $2")
        .bind(user.uuid())
        .bind(video.uuid())
}

fn upsert(user: UserId, video: VideoId, position: Position) -> GuardedStatement {
    sql("INSERT INTO positions AS p (user_id, video_id, position_ms, client_time) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, video_id) DO UPDATE \
             SET position_ms = excluded.position_ms, client_time = excluded.client_time \
         WHERE p.client_time < excluded.client_time")
    .bind(user.uuid())
    .bind(video.uuid())
    .bind(i64::try_from(position.position_ms()).unwrap_or(i64::MAX))
    .bind(position.client_time())
    .unguarded()
}

/// The same, where the video may be unknown: then nothing is kept, and nothing fails.
pub(crate) fn upsert_of_known(user: UserId, video: VideoId, position: Position) -> GuardedStatement {
    sql("INSERT INTO positions AS p (user_id, video_id, position_ms, client_time) \
         SELECT $1, id, $3, $4 FROM videos WHERE id = $2 \
         ON CONFLICT (user_id, video_id) DO UPDATE \
             SET position_ms = excluded.position_ms, client_time = excluded.client_time \
         WHERE p.client_time < excluded.client_time")
    .bind(user.uuid())
    .bind(video.uuid())
    .bind(i64::try_from(position.position_ms()).unwrap_or(i64::MAX))
    .bind(position.client_time())
    .unguarded()
}

fn read(row: &mut Row<'_>) -> Result<Position, Inconsistency> {
    let position_ms: u64 = row.take("position_ms")?;
    row.parse("client_time", |time: Timestamp| Position::kept(position_ms, time.as_millisecond()))
}
