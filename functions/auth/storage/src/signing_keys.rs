//! The keys that sign access tokens.

use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_problem::Problem;
use mcsp_rotation::{KeyTimes, RotateError};

/// A key, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its place among the keys, from 1.
    pub sequence: i64,
    /// The key id.
    pub kid: String,
    /// The public half.
    pub public_key: [u8; 32],
    /// The private half, sealed.
    pub sealed_private_key: Vec<u8>,
    /// When it is published and signs.
    pub times: KeyTimes,
}

/// A new key, and what becomes of the others.
#[derive(Clone, Debug)]
pub struct Rotation<'a> {
    /// The new key. Its sequence is one more than that of the last.
    pub key: &'a StoredKey,
    /// Keys that are of no use any more.
    pub gone: Vec<i64>,
    /// When all keys before the new one are revoked, where they are.
    pub revoked_at: Option<Timestamp>,
}

/// All keys, the oldest first. There are few: those of no use are removed at each rotation.
pub async fn list(bridge: &dyn Bridge) -> Result<Vec<StoredKey>, Problem> {
    let statement = sql("SELECT sequence, kid, public_key, sealed_private_key, published_at, signs_from, \
             revoked_at FROM signing_keys ORDER BY sequence");
    Ok(Rows::new("signing_keys", bridge.query(statement.into()).await?).map(read)?)
}

/// Stores the very first key, unless there is one: of many who make it at once, one is heard.
pub async fn insert_first(bridge: &dyn Bridge, key: &StoredKey) -> Result<(), TransactError> {
    let only = insert(
        key,
        "SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM signing_keys) ON CONFLICT DO NOTHING",
    );
    transact(bridge, vec![only.unguarded()]).await
}

/// Stores a new key. `record` is the statement that remembers the answer.
pub async fn rotate(
    bridge: &dyn Bridge,
    rotation: Rotation<'_>,
    record: Option<GuardedStatement>,
) -> Result<(), RotateError> {
    let Rotation { key, gone, revoked_at } = rotation;
    let revoke = revoked_at.map(|at| {
        sql("UPDATE signing_keys SET revoked_at = $1 WHERE sequence < $2 AND revoked_at IS NULL")
            .bind(at)
            .bind(key.sequence)
            .unguarded()
    });
    let remove = sql("DELETE FROM signing_keys WHERE sequence = ANY ($1)").bind(gone).unguarded();
    let insert = insert(key, "VALUES ($1, $2, $3, $4, $5, $6)").expecting(1);
    let statements = [insert].into_iter().chain(revoke).chain([remove]).chain(record).collect();
    Ok(transact(bridge, statements).await?)
}

fn insert(key: &StoredKey, values: &str) -> mcsp_bridge_api::sql::Sql {
    sql(&format!(
        "INSERT INTO signing_keys (sequence, kid, public_key, sealed_private_key, published_at, signs_from) {values}"
    ))
    .bind(key.sequence)
    .bind(key.kid.as_str())
    .bind(key.public_key.to_vec())
    .bind(key.sealed_private_key.clone())
    .bind(key.times.published_at)
    .bind(key.times.signs_from)
}

async fn transact(bridge: &dyn Bridge, statements: Vec<GuardedStatement>) -> Result<(), TransactError> {
    bridge.transact(Transaction::of(statements)).await?;
    Ok(())
}

fn read(row: &mut Row<'_>) -> Result<StoredKey, Inconsistency> {
    Ok(StoredKey {
        sequence: row.take("sequence")?,
        kid: row.take("kid")?,
        public_key: row.parse("public_key", |octets: Vec<u8>| octets.try_into().ok())?,
        sealed_private_key: row.take("sealed_private_key")?,
        times: KeyTimes {
            published_at: row.take("published_at")?,
            signs_from: row.take("signs_from")?,
            revoked_at: row.take("revoked_at")?,
        },
    })
}
