//! What an account has subscribed to, where whoever asks has not been told with everything else.

use crate::reply::{command, keep_version};
use crate::subscription::{parse, written};
use crate::{Bounds, Redis, StoreError, keys, memory};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::redis::Reply;
use mcsp_function::Context;
use mcsp_ids::UserId;
use playback_domain::Subscription;

pub use crate::subscription::told;
pub use crate::subscriptions_postgres::{find, forget, upsert};

/// As long as positions: an account that plays nothing for a month leaves Redis.
const SUBSCRIPTION_TTL_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// What Redis keeps of a copy that Postgres could not confirm: not for longer than it takes to ask again.
const UNCONFIRMED_TTL_MS: u64 = 10_000;
/// Of an account that has none, until it is told of one.
const NO_VERSION: u64 = 0;

/// Keeps what an account has subscribed to, unless a later version is known.
pub async fn keep(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    version: u64,
    subscription: Option<&Subscription>,
) -> Result<(), StoreError> {
    keep_for(redis.into(), user, (version, subscription), SUBSCRIPTION_TTL_MS).await
}

async fn keep_for(
    redis: Redis<'_>,
    user: UserId,
    (version, subscription): (u64, Option<&Subscription>),
    ttl_ms: u64,
) -> Result<(), StoreError> {
    let (key, value) = (keys::Account::new(user).subscription(), written(subscription).into_bytes());
    keep_version(redis, key, version, ("told", value), ttl_ms).await
}

/// What Redis knows; none where it knows nothing.
pub async fn cached(
    redis: impl Into<Redis<'_>>,
    user: UserId,
) -> Result<Option<Option<Subscription>>, StoreError> {
    let key = keys::Account::new(user).subscription();
    match command(redis.into(), &["HGET", &key, "told"]).await? {
        Reply::Nil => Ok(None),
        Reply::Bulk(told) => parse(&told).map(Some).ok_or(StoreError::Unreadable("subscription")),
        Reply::Okay | Reply::Integer(_) | Reply::Array(_) | Reply::Error(_) => {
            Err(StoreError::Unreadable("subscription"))
        }
    }
}

/// What Postgres knows, which Redis then knows too; where it can't tell, what is remembered. An error means that nothing
/// can be known now.
pub async fn load(
    context: &Context,
    redis: Redis<'_>,
    user: UserId,
) -> Result<Option<Subscription>, StoreError> {
    match find(context.bridge(), user).await {
        Ok(found) => {
            let (version, subscription) = found.unzip();
            keep(redis, user, version.unwrap_or(NO_VERSION), subscription.as_ref()).await?;
            Ok(subscription)
        }
        Err(error) if error.is_outage() => {
            let remembered = memory::subscription(context.bridge(), user).await?.ok_or(error)?;
            keep_for(redis, user, (NO_VERSION, remembered.as_ref()), UNCONFIRMED_TTL_MS).await?;
            Ok(remembered)
        }
        Err(error) => Err(error),
    }
}

/// The same without Redis: what is remembered answers first, since it costs no call.
pub async fn load_without_redis(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    user: UserId,
) -> Result<Option<Subscription>, StoreError> {
    if let Some(remembered) = memory::subscription(bridge, user).await? {
        return Ok(remembered);
    }
    let found = find(bridge, user).await?.map(|(_, subscription)| subscription);
    memory::keep_subscription(bridge, bounds, user, found.as_ref()).await?;
    Ok(found)
}
