//! The devices of accounts: Redis has them, counted exactly by the script that starts a session; Postgres is what survives
//! Redis.

use crate::facts::{Fact, fresh};
use crate::reply::{Fields, command, number, run};
use crate::videos::Source;
use crate::{Bounds, Redis, StoreError, keys};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, RowSet, Transaction};
use mcsp_bridge_api::redis::Reply;
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::UserId;
use playback_domain::Device;

const LIST: &str = include_str!("lua/devices.lua");
/// The field that says that all that Postgres knows are there. No id has a space.
const LISTED: &str = " ";
/// An account that plays nothing for a month leaves Redis; Postgres has them.
pub(crate) const DEVICES_TTL_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// A device that played nothing for so long is forgotten, and takes no other one's place.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(180 * 24);
/// How exactly it is known when a device was last used.
const SEEN_TO: SignedDuration = SignedDuration::from_hours(24);

/// A device that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// What it is.
    pub device: Device,
    /// When something was last started on it, to the day.
    pub last_started_at: Timestamp,
}

/// Since when a device must have been seen to be known, and since when Postgres knows of it.
pub(crate) fn cutoffs(now: Timestamp) -> (Timestamp, Timestamp) {
    (now - FORGOTTEN_AFTER, now - SEEN_TO)
}

/// The devices that Redis knows; none where it may not know all.
pub async fn listed(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Vec<KnownDevice>>, StoreError> {
    let key = keys::Account::new(user).devices();
    let mut fields = Fields::new("devices", command(redis.into(), &["HGETALL", &key]).await?)?;
    let (mut all, mut is_whole) = (Vec::new(), false);
    while let Some(id) = fields.bytes() {
        let value = fields.bytes().ok_or_else(|| fields.unreadable())?;
        if id == LISTED.as_bytes() {
            is_whole = true;
        } else {
            all.push(parse(id, &value).ok_or_else(|| fields.unreadable())?);
        }
    }
    all.retain(|known| known.last_started_at >= cutoffs(now).0);
    Ok(is_whole.then_some(all))
}

/// All devices of an account.
pub async fn all(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
) -> Result<Fact<Vec<KnownDevice>>, StoreError> {
    let (redis, now) = (Redis::within(context.bridge(), bounds), context.now());
    match listed(redis, user, now).await {
        Ok(Some(all)) => Ok(fresh(all, Source::Redis)),
        Ok(None) => {
            load(context, redis, bounds, user).await?;
            Ok(fresh(listed(redis, user, now).await?.unwrap_or_default(), Source::Postgres))
        }
        Err(error) if error.is_outage() => {
            Ok(fresh(find(context.bridge(), user, now).await?, Source::Postgres))
        }
        Err(error) => Err(error),
    }
}

/// Has Redis know the devices that Postgres knows. A Postgres that is not well is not waited for.
pub async fn load(
    context: &Context,
    redis: Redis<'_>,
    bounds: &Bounds,
    user: UserId,
) -> Result<(), StoreError> {
    let statement = of_account(user, context.now()).into();
    let known = rows(context.bridge().try_query(statement, bounds.postgres_patience_ms()).await?)?;
    let mut arguments = vec![number(DEVICES_TTL_MS)];
    for KnownDevice { device, last_started_at } in &known {
        arguments.push(device.id().as_bytes().to_vec());
        arguments.push(written(device, *last_started_at).into_bytes());
    }
    run(redis, LIST, vec![keys::Account::new(user).devices()], arguments).await.map(drop)
}

/// The devices that Postgres knows.
pub async fn find(bridge: &dyn Bridge, user: UserId, now: Timestamp) -> Result<Vec<KnownDevice>, StoreError> {
    rows(bridge.query(of_account(user, now).into()).await?)
}

fn of_account(user: UserId, now: Timestamp) -> Sql {
    let text =
        "SELECT device_id, name, last_started_at FROM devices WHERE user_id = $1 AND last_started_at >= $2";
    sql(text).bind(user.uuid()).bind(cutoffs(now).0)
}

fn rows(rows: RowSet) -> Result<Vec<KnownDevice>, StoreError> {
    Ok(Rows::new("devices", rows).map(read)?)
}

/// Writes a device to Postgres after the answer, with what is to be forgotten. Where Postgres can't take it now, Redis tells it
/// again in a day.
pub fn write_behind(context: &Context, user: UserId, device: Device) {
    let (own, now) = (context.clone(), context.now());
    context.after_answer(async move {
        let upsert = sql("INSERT INTO devices AS d (user_id, device_id, name, last_started_at) \
             SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM accounts WHERE user_id = $1 AND state = 'erased') \
             ON CONFLICT (user_id, device_id) DO UPDATE \
                 SET name = excluded.name, last_started_at = greatest(d.last_started_at, excluded.last_started_at)")
        .bind(user.uuid())
        .bind(device.id())
        .bind(device.name())
        .bind(now)
        .unguarded();
        let prune = sql("DELETE FROM devices WHERE user_id = $1 AND last_started_at < $2")
            .bind(user.uuid())
            .bind(cutoffs(now).0)
            .unguarded();
        drop(transact(own.bridge(), vec![upsert, prune]).await);
    });
}

/// Removes a device: from Postgres first, so that it does not come back from there.
pub async fn remove(bridge: &dyn Bridge, redis: Redis<'_>, user: UserId, id: &str) -> Result<(), StoreError> {
    let removal = sql("DELETE FROM devices WHERE user_id = $1 AND device_id = $2").bind(user.uuid()).bind(id);
    transact(bridge, vec![removal.unguarded()]).await?;
    let key = keys::Account::new(user).devices();
    match command(redis, &["HDEL", &key, id]).await? {
        Reply::Integer(_) => Ok(()),
        _ => Err(StoreError::Unreadable("devices")),
    }
}

/// The statement that forgets all devices of an account.
pub fn forget_all(user: UserId) -> GuardedStatement {
    sql("DELETE FROM devices WHERE user_id = $1").bind(user.uuid()).unguarded()
}

async fn transact(bridge: &dyn Bridge, statements: Vec<GuardedStatement>) -> Result<(), StoreError> {
    bridge.transact(Transaction::of(statements)).await?;
    Ok(())
}

fn read(row: &mut Row<'_>) -> Result<KnownDevice, Inconsistency> {
    let id: String = row.take("device_id")?;
    let device = row.parse("name", |name| Device::parse(id, name).ok())?;
    Ok(KnownDevice { device, last_started_at: row.take("last_started_at")? })
}

/// `<last started, ms>:<name>`, as `lua/start.lua` writes it.
fn written(device: &Device, at: Timestamp) -> String {
    format!("{}:{}", at.as_millisecond(), device.name().unwrap_or_default())
}

fn parse(id: Vec<u8>, value: &[u8]) -> Option<KnownDevice> {
    let (at_ms, name) = std::str::from_utf8(value).ok()?.split_once(':')?;
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    let device = Device::parse(String::from_utf8(id).ok()?, name).ok()?;
    Some(KnownDevice { device, last_started_at: Timestamp::from_millisecond(at_ms.parse().ok()?).ok()? })
}
