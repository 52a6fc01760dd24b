//! What an account has subscribed to, where whoever asks has not been told with everything else.

use crate::facts::{Fact, fresh};
use crate::refresh::refresh_subscription;
use crate::reply::{Fields, command, keep_version};
use crate::subscription::{subscribed, written};
use crate::unconfirmed::Keeping;
use crate::videos::Source;
use crate::{Bounds, Redis, StoreError, Subscribed, keys, memory};
use jiff::Timestamp;
use mcsp_function::Context;
use mcsp_ids::UserId;
use playback_domain::Subscription;

pub use crate::subscription::told;
pub use crate::subscriptions_postgres::{find, forget, upsert};

/// As long as positions: an account that plays nothing for a month leaves Redis.
const SUBSCRIPTION_TTL: Keeping = Keeping::confirmed(30 * 24 * 60 * 60 * 1000);
/// Of an account that has none, until it is told of one.
const NO_VERSION: u64 = 0;

/// Keeps what an account has subscribed to, unless a later version is known.
pub async fn keep(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    version: u64,
    subscription: Option<&Subscription>,
) -> Result<(), StoreError> {
    keep_for(redis.into(), user, (version, subscription), SUBSCRIPTION_TTL).await
}

async fn keep_for(
    redis: Redis<'_>,
    user: UserId,
    (version, subscription): (u64, Option<&Subscription>),
    keeping: Keeping,
) -> Result<(), StoreError> {
    let (key, value) = (keys::Account::new(user).subscription(), written(subscription).into_bytes());
    keep_version(redis, key, version, ("told", value), keeping).await
}

/// What Redis knows; none where it knows nothing.
pub async fn cached(
    redis: impl Into<Redis<'_>>,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Fact<Subscribed>>, StoreError> {
    let key = keys::Account::new(user).subscription();
    let reply = command(redis.into(), &["HMGET", &key, "version", "told", "since"]).await?;
    subscribed(&mut Fields::new("subscription", reply)?, now)
}

/// What Postgres knows, which Redis then knows too; where it can't tell, what is remembered, which in Redis says since when. An
/// error means that nothing can be known now.
pub async fn load(context: &Context, redis: Redis<'_>, user: UserId) -> Result<Fact<Subscribed>, StoreError> {
    match find(context.bridge(), user).await {
        Ok(found) => {
            let known = in_postgres(found);
            keep(redis, user, known.version, known.subscription.as_ref()).await?;
            Ok(fresh(known, Source::Postgres))
        }
        Err(error) if error.is_outage() => {
            let remembered = memory::subscription(context.bridge(), user).await?.ok_or(error)?;
            let keeping = Keeping::unconfirmed(remembered.stale_ms, context.now());
            keep_for(redis, user, remembered.known.parts(), keeping).await?;
            Ok(remembered)
        }
        Err(error) => Err(error),
    }
}

/// The same without Redis: what is remembered answers first, since it costs no call. After the answer it is made anew from
/// Postgres, unless it is quite new.
pub async fn load_without_redis(
    context: &Context,
    bounds: &Bounds,
    user: UserId,
) -> Result<Fact<Subscribed>, StoreError> {
    let bridge = context.bridge();
    if let Some(remembered) = memory::subscription(bridge, user).await? {
        refresh_subscription(context, bounds, user, remembered.stale_ms);
        return Ok(remembered);
    }
    let known = in_postgres(find(bridge, user).await?);
    memory::keep_subscription(bridge, bounds, user, known.parts()).await?;
    Ok(fresh(known, Source::Postgres))
}

/// As Postgres has it, or has nothing.
pub(crate) fn in_postgres(found: Option<(u64, Subscription)>) -> Subscribed {
    let (version, subscription) = found.unzip();
    Subscribed { version: version.unwrap_or(NO_VERSION), subscription }
}
