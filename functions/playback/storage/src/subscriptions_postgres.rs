//! The read model of subscriptions in Postgres.

use crate::{StoreError, accounts_postgres};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_ids::UserId;
use playback_domain::{Entitlements, Subscription};

/// The statements that keep what an account is entitled to, unless the same version or a later one is known, or the account is
/// erased: with its row went the version, so that any other would be the latest. None is erased before they are committed.
pub fn upsert(user: UserId, version: u64, subscription: &Subscription) -> [GuardedStatement; 2] {
    let Subscription { entitlements, is_past_due } = subscription;
    let upsert = sql("INSERT INTO subscriptions AS s \
             (user_id, version, level, streams, entitled_until, is_past_due, devices) \
         SELECT $1, $2, $3, $4, $5, $6, $7 \
         WHERE NOT EXISTS (SELECT FROM accounts WHERE user_id = $1 AND state = 'erased') \
         ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, level = excluded.level, \
             streams = excluded.streams, entitled_until = excluded.entitled_until, \
             is_past_due = excluded.is_past_due, devices = excluded.devices \
         WHERE s.version < excluded.version")
    .bind(user.uuid())
    .bind(i64::try_from(version).unwrap_or(i64::MAX))
    .bind(entitlements.as_ref().map(Entitlements::level))
    .bind(entitlements.as_ref().map(Entitlements::streams))
    .bind(entitlements.as_ref().and_then(Entitlements::until))
    .bind(*is_past_due)
    .bind(entitlements.as_ref().and_then(Entitlements::devices))
    .unguarded();
    [accounts_postgres::share(&[user]), upsert]
}

/// What Postgres knows of an account's subscription, with its version.
pub async fn find(bridge: &dyn Bridge, user: UserId) -> Result<Option<(u64, Subscription)>, StoreError> {
    Ok(Rows::new("subscriptions", bridge.query(of_account(user).into()).await?).first(read)?)
}

/// The same for whoever can do without: a Postgres that is not well is not waited for any longer.
pub(crate) async fn try_find(
    bridge: &dyn Bridge,
    patience_ms: u32,
    user: UserId,
) -> Result<Option<(u64, Subscription)>, StoreError> {
    let rows = bridge.try_query(of_account(user).into(), patience_ms).await?;
    Ok(Rows::new("subscriptions", rows).first(read)?)
}

fn of_account(user: UserId) -> Sql {
    sql("SELECT version, is_past_due, level, streams, devices, entitled_until FROM subscriptions \
         WHERE user_id = $1")
    .bind(user.uuid())
}

fn read(row: &mut Row<'_>) -> Result<(u64, Subscription), Inconsistency> {
    let (version, is_past_due) = (row.take("version")?, row.take("is_past_due")?);
    let level: Option<u32> = row.take("level")?;
    let streams: Option<u32> = row.take("streams")?;
    let devices: Option<u32> = row.take("devices")?;
    let entitlements = row.parse("entitled_until", |until| match level.zip(streams) {
        Some((level, streams)) => Entitlements::new(level, streams, until)
            .and_then(|plan| plan.with_devices(devices))
            .ok()
            .map(Some),
        None => Some(None),
    })?;
    Ok((version, Subscription { entitlements, is_past_due }))
}

/// The statement that forgets what an account had subscribed to.
pub fn forget(user: UserId) -> GuardedStatement {
    sql("DELETE FROM subscriptions WHERE user_id = $1").bind(user.uuid()).unguarded()
}
