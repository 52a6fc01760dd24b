//! Positions in Postgres: what survives Redis.

use crate::positions_redis::{self, Known, LOADED_MAX};
use crate::{Bounds, Redis, StoreError, memory};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::postgres::{GuardedStatement, RowSet, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;

/// How long it is known that a position is forgotten: longer than a player that was offline, or a process that holds a
/// position, has an older one to tell.
const FORGOTTEN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Keeps a position, unless a later one is known. Gives the one that counts; the constraint
/// `positions_video` fails where there is no such video.
pub async fn save(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    position: Position,
) -> Result<Position, StoreError> {
    let statements = vec![upsert(user, video, position), find(user, video).expecting(1)];
    let counting = transact(bridge, statements).await?;
    counting.ok_or(StoreError::Inconsistent(Inconsistency {
        table: "positions",
        column: "position_ms",
        row: 0,
    }))
}

/// Forgets the position in a video, whatever was known of it until now. Gives what counts now; none where there is no
/// such video.
pub async fn forget_saved(
    bridge: &dyn Bridge,
    user: UserId,
    video: VideoId,
    now: Timestamp,
) -> Result<Option<Position>, StoreError> {
    let forget = sql("INSERT INTO positions AS p (user_id, video_id, position_ms, client_time) \
         SELECT $1, id, NULL, $3 FROM videos WHERE id = $2 \
         ON CONFLICT (user_id, video_id) DO UPDATE \
             SET position_ms = NULL, client_time = greatest(p.client_time, excluded.client_time)")
    .bind(user.uuid())
    .bind(video.uuid())
    .bind(Position::forgotten(None, now).client_time())
    .unguarded();
    transact(bridge, vec![prune(user, now), forget, find(user, video).unguarded()]).await
}

/// Gives the position that the last statement finds.
async fn transact(
    bridge: &dyn Bridge,
    statements: Vec<GuardedStatement>,
) -> Result<Option<Position>, StoreError> {
    let transaction = Transaction::of(statements);
    let found: Option<RowSet> = bridge.transact(transaction).await?.pop();
    Ok(found.map(|rows| Rows::new("positions", rows).first(read)).transpose()?.flatten())
}

/// Keeps a position that was answered already. Where Postgres can't take it now it is held in the bridge's memory.
pub async fn write_behind(bridge: &dyn Bridge, user: UserId, video: VideoId, position: Position) {
    let mut statements = vec![upsert_of_known(user, video, position)];
    if position.position_ms().is_none() {
        statements.push(prune(user, position.client_time()));
    }
    let transaction = Transaction::of(statements);
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
    let rows = bridge.try_query(find(user, video).into(), bounds.postgres_patience_ms()).await.ok()?;
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
    Stores::of(context.bridge()).settle(known, user, video).await
}

/// [`settle`] for whoever can do without: a store that is not well is not waited for.
pub async fn try_settle(
    context: &Context,
    bounds: &Bounds,
    known: Known,
    (user, video): (UserId, VideoId),
) -> Result<Option<Position>, StoreError> {
    Stores::within(context.bridge(), bounds).settle(known, user, video).await
}

/// Both stores, and how long Postgres is waited for.
#[derive(Clone, Copy)]
struct Stores<'a> {
    bridge: &'a dyn Bridge,
    redis: Redis<'a>,
    patience_ms: Option<u32>,
}

impl<'a> Stores<'a> {
    fn of(bridge: &'a dyn Bridge) -> Self {
        Stores { bridge, redis: bridge.into(), patience_ms: None }
    }

    fn within(bridge: &'a dyn Bridge, bounds: &Bounds) -> Self {
        let patience_ms = Some(bounds.postgres_patience_ms());
        Stores { bridge, redis: Redis::within(bridge, bounds), patience_ms }
    }

    async fn settle(
        &self,
        known: Known,
        user: UserId,
        video: VideoId,
    ) -> Result<Option<Position>, StoreError> {
        match known {
            Known::Yes(position) => Ok(position),
            Known::NotAmongNewest => self.look_up(user, video).await,
            Known::No => self.load(user, video).await,
        }
    }

    /// Loads the one position.
    async fn look_up(&self, user: UserId, video: VideoId) -> Result<Option<Position>, StoreError> {
        let rows = self.query(find(user, video)).await?;
        match Rows::new("positions", rows).first(read)? {
            // What Postgres has counts, also where Redis can't be told.
            Some(position) => {
                let counting = positions_redis::put(self.redis, user, video, position).await;
                Ok(Some(counting.unwrap_or(position)))
            }
            None => Ok(None),
        }
    }

    /// Loads an account's newest positions into Redis, and with them the one in this video.
    async fn load(&self, user: UserId, video: VideoId) -> Result<Option<Position>, StoreError> {
        let newest = self.load_newest(user).await?;
        match newest.iter().find(|(id, _)| *id == video) {
            Some((_, position)) => Ok(Some(*position)),
            None if newest.len() < LOADED_MAX => Ok(None),
            None => self.look_up(user, video).await,
        }
    }

    /// Loads an account's newest positions into Redis, if that can be told now.
    async fn load_newest(&self, user: UserId) -> Result<Vec<(VideoId, Position)>, StoreError> {
        let newest = Rows::new("positions", self.query(find_newest(user)).await?).map(read_with_video)?;
        drop(positions_redis::refill(self.redis, user, &newest).await);
        Ok(newest)
    }

    async fn query(&self, statement: Sql) -> Result<RowSet, Failure> {
        match self.patience_ms {
            Some(patience_ms) => self.bridge.try_query(statement.into(), patience_ms).await,
            None => self.bridge.query(statement.into()).await,
        }
    }
}

/// [`settle`] for some videos: those of them that have a position, in no order.
pub async fn settle_all(
    bridge: &dyn Bridge,
    user: UserId,
    known: &[(VideoId, Known)],
) -> Result<Vec<(VideoId, Position)>, StoreError> {
    let mut found = Vec::with_capacity(known.len());
    let mut missing = Vec::new();
    for (video, known) in known {
        match known {
            Known::Yes(position) => found.extend(position.map(|position| (*video, position))),
            Known::NotAmongNewest | Known::No => missing.push(*video),
        }
    }
    if known.iter().any(|(_, known)| *known == Known::No) {
        let newest = Stores::of(bridge).load_newest(user).await?;
        found.extend(newest.iter().filter(|(video, _)| missing.contains(video)));
        missing
            .retain(|missing| newest.len() == LOADED_MAX && newest.iter().all(|(video, _)| video != missing));
    }
    if !missing.is_empty() {
        let looked_up = find_all_in_postgres(bridge, user, &missing).await?;
        positions_redis::put_all(bridge, user, &looked_up).await?;
        found.extend(looked_up);
    }
    Ok(found)
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

/// What Postgres has of some positions.
async fn find_all_in_postgres(
    bridge: &dyn Bridge,
    user: UserId,
    videos: &[VideoId],
) -> Result<Vec<(VideoId, Position)>, StoreError> {
    let rows = bridge.query(find_all(user, videos).into()).await?;
    Ok(Rows::new("positions", rows).map(read_with_video)?)
}

/// The same for whoever can do without: none where Postgres can't tell soon.
pub async fn try_find_all(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
    videos: &[VideoId],
) -> Option<Vec<(VideoId, Position)>> {
    let rows = bridge.try_query(find_all(user, videos).into(), bounds.postgres_patience_ms()).await.ok()?;
    Rows::new("positions", rows).map(read_with_video).ok()
}

/// The statement that forgets all of an account's positions.
pub fn forget_all(user: UserId) -> GuardedStatement {
    sql("DELETE FROM positions WHERE user_id = $1").bind(user.uuid()).unguarded()
}

fn find(user: UserId, video: VideoId) -> Sql {
    sql("SELECT position_ms, client_time FROM positions WHERE user_id = $1 AND video_id = $2")
        .bind(user.uuid())
        .bind(video.uuid())
}

fn find_newest(user: UserId) -> Sql {
    sql("SELECT video_id, position_ms, client_time FROM positions \
         WHERE user_id = $1 ORDER BY client_time DESC LIMIT $2")
    .bind(user.uuid())
    .bind(i64::try_from(LOADED_MAX).unwrap_or(i64::MAX))
}

fn find_all(user: UserId, videos: &[VideoId]) -> Sql {
    sql("SELECT video_id, position_ms, client_time FROM positions WHERE user_id = $1 AND video_id = ANY ($2)")
        .bind(user.uuid())
        .bind(videos.iter().map(VideoId::uuid).collect::<Vec<_>>())
}

/// The statement that drops what was forgotten long ago.
fn prune(user: UserId, now: Timestamp) -> GuardedStatement {
    sql("DELETE FROM positions WHERE user_id = $1 AND position_ms IS NULL AND client_time < $2")
        .bind(user.uuid())
        .bind(now - FORGOTTEN_FOR)
        .unguarded()
}

fn upsert(user: UserId, video: VideoId, position: Position) -> GuardedStatement {
    later("VALUES ($1, $2, $3, $4)", user, video, position)
}

/// The same, where the video may be unknown, or the account erased: then nothing is kept, and nothing fails.
pub(crate) fn upsert_of_known(user: UserId, video: VideoId, position: Position) -> GuardedStatement {
    let known = "SELECT $1, id, $3, $4 FROM videos WHERE id = $2 \
         AND NOT EXISTS (SELECT FROM accounts WHERE user_id = $1 AND state = 'erased')";
    later(known, user, video, position)
}

/// Inserts `row`, unless a later position is there.
fn later(row: &str, user: UserId, video: VideoId, position: Position) -> GuardedStatement {
    let text = format!(
        "INSERT INTO positions AS p (user_id, video_id, position_ms, client_time) {row} \
         ON CONFLICT (user_id, video_id) DO UPDATE \
             SET position_ms = excluded.position_ms, client_time = excluded.client_time \
         WHERE (p.client_time, p.position_ms IS NULL) < (excluded.client_time, excluded.position_ms IS NULL)"
    );
    sql(&text)
        .bind(user.uuid())
        .bind(video.uuid())
        .bind(position.position_ms().map(|position_ms| i64::try_from(position_ms).unwrap_or(i64::MAX)))
        .bind(position.client_time())
        .unguarded()
}

fn read_with_video(row: &mut Row<'_>) -> Result<(VideoId, Position), Inconsistency> {
    Ok((VideoId::from_uuid(row.take("video_id")?), read(row)?))
}

fn read(row: &mut Row<'_>) -> Result<Position, Inconsistency> {
    let position_ms: Option<u64> = row.take("position_ms")?;
    row.parse("client_time", |time: Timestamp| Position::kept(position_ms, time.as_millisecond()))
}
