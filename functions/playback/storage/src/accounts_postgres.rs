//! The read model of accounts in Postgres.

use crate::StoreError;
use crate::decisions_postgres::Decisions;
use crate::subscription::NOTHING_HEARD;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, RowSet};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, exclusively, sql};
use mcsp_ids::UserId;
use playback_domain::{AccountState, Decision, merged};
use uuid::Uuid;

const DECISIONS: Decisions = Decisions { table: "account_decisions", id: "user_id", denies: "is_suspended" };

/// The statement that keeps an account's state, unless the same version or a later one is known.
pub fn upsert(user: UserId, version: u64, state: AccountState) -> GuardedStatement {
    sql("INSERT INTO accounts AS a (user_id, version, state) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, state = excluded.state \
         WHERE a.version < excluded.version")
    .bind(user.uuid())
    .bind(i64::try_from(version).unwrap_or(i64::MAX))
    .bind(state.as_str())
    .unguarded()
}

/// The statement that keeps what Admin has decided on an account, unless the same decision or a later one is known.
pub fn upsert_decision(user: UserId, decision: Decision) -> GuardedStatement {
    DECISIONS.upsert(user.uuid(), decision)
}

/// What Postgres knows of an account, of Auth and of Admin together: version and state. The version is the sum of both, as that of a
/// [video](crate::videos::Version) is.
pub async fn find(bridge: &dyn Bridge, user: UserId) -> Result<Option<(u64, AccountState)>, StoreError> {
    Ok(Rows::new("accounts", bridge.query(of_account(user).into()).await?).first(read)?)
}

/// The same for whoever can do without: a Postgres that is not well is not waited for any longer.
pub(crate) async fn try_find(
    bridge: &dyn Bridge,
    patience_ms: u32,
    user: UserId,
) -> Result<Option<(u64, AccountState)>, StoreError> {
    let rows = bridge.try_query(of_account(user).into(), patience_ms).await?;
    Ok(Rows::new("accounts", rows).first(read)?)
}

fn of_account(user: UserId) -> Sql {
    sql("SELECT a.version, a.state, d.version AS decision_version, d.is_suspended \
         FROM (SELECT $1::uuid AS user_id) AS asked \
             LEFT JOIN accounts a ON a.user_id = asked.user_id \
             LEFT JOIN account_decisions d ON d.user_id = asked.user_id \
         WHERE a.user_id IS NOT NULL OR d.user_id IS NOT NULL")
    .bind(user.uuid())
}

fn read(row: &mut Row<'_>) -> Result<(u64, AccountState), Inconsistency> {
    let version: Option<u64> = row.take("version")?;
    let told = row.parse("state", |name: Option<String>| match version.zip(name) {
        Some((version, name)) => Some((version, AccountState::from_name(&name)?)),
        None => Some(NOTHING_HEARD),
    })?;
    Ok(merged(told, DECISIONS.read(row)?))
}

/// The statement that lets nobody write what was held of an account, until the transaction ends: for its erasure.
pub fn lock(user: UserId) -> GuardedStatement {
    exclusively("account", user.uuid())
}

/// The statement that lets none of these accounts be erased, until the transaction ends.
pub(crate) fn share(users: &[UserId]) -> GuardedStatement {
    sql("SELECT bool_and(pg_advisory_xact_lock_shared(hashtextextended('account ' || user_id::text, 0)) IS NULL) \
         FROM unnest($1::uuid[]) AS users (user_id)")
    .bind(uuids(users))
    .expecting(1)
}

/// Which of these accounts are erased.
pub(crate) fn erased_among(users: &[UserId]) -> Sql {
    sql("SELECT user_id FROM accounts WHERE user_id = ANY ($1) AND state = 'erased'").bind(uuids(users))
}

fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(UserId::uuid).collect()
}

/// What [`erased_among`] found.
pub(crate) fn users(rows: RowSet) -> Result<Vec<UserId>, StoreError> {
    Ok(Rows::new("accounts", rows).map(|row| Ok(UserId::from_uuid(row.take("user_id")?)))?)
}
