//! The keys that sign playback URLs, as Postgres has them. What is remembered of them is a copy: see [`crate::memory`].

use crate::{Bounds, StoreError};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_rotation::{KeyTimes, RotateError};
use serde::{Deserialize, Serialize};

/// A key, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// Its place among the keys, from 1.
    pub sequence: i64,
    /// What tokens name it by.
    pub kid: String,
    /// Its secret, sealed; none of a key of the configuration that is revoked.
    pub sealed_secret: Option<Vec<u8>>,
    /// When it is published and signs.
    pub times: KeyTimes,
}

/// New keys, and what becomes of the others.
#[derive(Clone, Debug)]
pub struct Rotation<'a> {
    /// Each has a sequence of one more than the one before.
    pub keys: &'a [StoredKey],
    /// Keys that are of no use any more.
    pub gone: Vec<i64>,
    /// When all keys that are stored are revoked, where they are.
    pub revoked_at: Option<Timestamp>,
}

/// All keys, the oldest first. There are few: those of no use are removed at each rotation.
pub async fn list(bridge: &dyn Bridge) -> Result<Vec<StoredKey>, StoreError> {
    Ok(Rows::new("signing_keys", bridge.query(all().into()).await?).map(read)?)
}

/// The same for whoever has another way open: a Postgres that is not well is not waited for.
pub async fn try_list(bridge: &dyn Bridge, bounds: &Bounds) -> Result<Vec<StoredKey>, StoreError> {
    let rows = bridge.try_query(all().into(), bounds.postgres_patience_ms()).await?;
    Ok(Rows::new("signing_keys", rows).map(read)?)
}

fn all() -> Sql {
    sql("SELECT sequence, kid, sealed_secret, published_at, signs_from, revoked_at FROM signing_keys \
         ORDER BY sequence")
}

/// Stores new keys. `record` is the statement that remembers the answer.
pub async fn rotate(
    bridge: &dyn Bridge,
    rotation: Rotation<'_>,
    record: Option<GuardedStatement>,
) -> Result<(), RotateError> {
    let Rotation { keys, gone, revoked_at } = rotation;
    let revoke = revoked_at.map(|at| {
        sql("UPDATE signing_keys SET revoked_at = $1 WHERE revoked_at IS NULL").bind(at).unguarded()
    });
    let remove = sql("DELETE FROM signing_keys WHERE sequence = ANY ($1)").bind(gone).unguarded();
    let statements = revoke.into_iter().chain([remove]).chain(keys.iter().map(insert)).chain(record);
    bridge.transact(Transaction::of(statements.collect())).await?;
    Ok(())
}

fn insert(key: &StoredKey) -> GuardedStatement {
    sql("INSERT INTO signing_keys (sequence, kid, sealed_secret, published_at, signs_from, revoked_at) \
         VALUES ($1, $2, $3, $4, $5, $6)")
    .bind(key.sequence)
    .bind(key.kid.as_str())
    .bind(key.sealed_secret.clone())
    .bind(key.times.published_at)
    .bind(key.times.signs_from)
    .bind(key.times.revoked_at)
    .expecting(1)
}

fn read(row: &mut Row<'_>) -> Result<StoredKey, Inconsistency> {
    Ok(StoredKey {
        sequence: row.take("sequence")?,
        kid: row.take("kid")?,
        sealed_secret: row.take("sealed_secret")?,
        times: KeyTimes {
            published_at: row.take("published_at")?,
            signs_from: row.take("signs_from")?,
            revoked_at: row.take("revoked_at")?,
        },
    })
}
