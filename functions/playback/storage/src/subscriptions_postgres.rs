//! The read model of subscriptions in Postgres.

use crate::StoreError;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, sql};
use mcsp_ids::UserId;
use playback_domain::{Entitlements, Subscription};

/// The statement that keeps what an account is entitled to, unless the same version or a later one is known.
pub fn upsert(user: UserId, version: u64, subscription: &Subscription) -> GuardedStatement {
    let Subscription { entitlements, is_past_due } = subscription;
    sql("INSERT INTO subscriptions AS s (user_id, version, level, streams, entitled_until, is_past_due, devices) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
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
    .unguarded()
}

/// What Postgres knows of an account's subscription, with its version.
pub async fn find(bridge: &dyn Bridge, user: UserId) -> Result<Option<(u64, Subscription)>, StoreError> {
    let statement =
        sql("SELECT version, is_past_due, level, streams, devices, entitled_until FROM subscriptions \
         WHERE user_id = $1")
        .bind(user.uuid());
    Ok(Rows::new("subscriptions", bridge.query(statement.into()).await?).first(read)?)
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
