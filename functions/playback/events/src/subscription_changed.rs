//! `mcsp.subscription.*.v1`: keeps what accounts are entitled to, in Postgres and in Redis.

use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_storage::{Bounds, memory, subscriptions};
use subscription_contract::SubscriptionChanged;

/// Postgres first; then what is remembered here, and Redis, get what Postgres has by now, also when the event was applied
/// before: a delivery that broke off between the two is mended by the next. Neither goes back to an earlier version.
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
    let statements = vec![subscriptions::upsert(user, version, &subscription)];
    let applied = received.apply(context, statements, Vec::new()).await?;
    let (version, current) = subscriptions::find(bridge, user).await?.unwrap_or((version, subscription));
    memory::keep_subscription(bridge, bounds, user, Some(&current)).await?;
    subscriptions::keep(bridge, user, version, Some(&current)).await?;
    Ok(applied)
}
