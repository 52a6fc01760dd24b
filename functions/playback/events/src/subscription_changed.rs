//! `mcsp.subscription.*.v1`: keeps what accounts are entitled to, in Postgres and in Redis.

use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use playback_storage::{Bounds, StoreError, memory, positions, subscriptions};
use subscription_contract::SubscriptionChanged;

/// Postgres first; then what is remembered here, and Redis, get what Postgres has by now, also when the event was applied
/// before: a delivery that broke off between the two is mended by the next. Neither goes back to an earlier version. Of an
/// account that is erased Postgres has nothing, and nor do they.
pub(crate) async fn apply(
    context: &Context,
    bounds: &Bounds,
    received: &Received,
) -> Result<Applied, Problem> {
    let changed: SubscriptionChanged = received.data()?;
    let (user, version, bridge) = (changed.user_id, changed.version, context.bridge());
    let subscription = subscriptions::told(&changed).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_event", "the event's data cannot be read")
            .with_detail(error)
    })?;
    let statements = subscriptions::upsert(user, version, &subscription).into();
    let applied = received.apply(context, statements, Vec::new()).await?;
    if let Some((version, current)) = subscriptions::find(bridge, user).await? {
        memory::keep_subscription(bridge, bounds, user, (version, Some(&current))).await?;
        subscriptions::keep(bridge, user, version, Some(&current)).await?;
    }
    // Once more: an account that is erased after this look makes Redis forget by itself.
    if subscriptions::find(bridge, user).await?.is_none() {
        forget(context, bounds, user).await?;
    }
    Ok(applied)
}

/// Postgres has nothing of an account only where it is erased.
async fn forget(context: &Context, bounds: &Bounds, user: UserId) -> Result<(), StoreError> {
    memory::forget_subscription(context.bridge(), bounds, user).await?;
    positions::drop_kept(context.bridge(), user).await
}
