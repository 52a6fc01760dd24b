//! What an account has subscribed to, where a decision depends on it and the store that told everything else does not
//! know: most viewers' plans are never asked for.

use crate::refusal::Refusal;
use crate::served::Served;
use crate::with_redis::Failed;
use mcsp_function::Context;
use playback_domain::{Devices, Standing};
use playback_storage::videos::Version;
use playback_storage::{AccountFacts, Bounds, Redis, Start, subscriptions};

/// What is known of an account, with its plan where the video asks for one, and how old that is.
pub(crate) async fn settle(
    context: &Context,
    redis: Redis<'_>,
    start: &Start<'_>,
    (version, served): (&Version, &mut Served),
    facts: AccountFacts,
) -> Result<AccountFacts, Failed> {
    let user = start.viewer.user;
    if version.video.asks_for_plan(user).is_none() {
        return Ok(facts);
    }
    let found = match facts.subscription {
        Some(known) => known,
        None => subscriptions::load(context, redis, user).await.map_err(Failed::Redis)?,
    };
    *served = served.and(Served::from(&found));
    Ok(AccountFacts { subscription: Some(found), ..facts })
}

/// Whether the account has a plan that was not known: it may have more streams. Redis knows it then.
pub(crate) async fn is_found(
    context: &Context,
    redis: Redis<'_>,
    start: &Start<'_>,
    served: &mut Served,
) -> bool {
    let Ok(found) = subscriptions::load(context, redis, start.viewer.user).await else { return false };
    let is_found = found.known.subscription.is_some();
    if is_found {
        *served = served.and(Served::from(&found));
    }
    is_found
}

/// [`settle`] without Redis; and where the account has as many streams or devices as there are without a plan.
pub(crate) async fn settle_without_redis(
    context: &Context,
    bounds: &Bounds,
    start: &Start<'_>,
    (version, (others_open, devices), served): (&Version, (u32, Devices), &mut Served),
    facts: AccountFacts,
) -> Result<Standing, Refusal> {
    let viewer = start.viewer;
    let asks_for_plan = version.video.asks_for_plan(viewer.user).is_some();
    let is_full =
        others_open >= viewer.stream_limit || (!devices.is_known && devices.count >= viewer.device_limit);
    if !asks_for_plan && (facts.subscription.is_some() || !is_full) {
        return Ok(facts.standing());
    }
    let found = match facts.subscription {
        Some(known) => Ok(known),
        None => subscriptions::load_without_redis(context, bounds, viewer.user).await,
    };
    match found {
        Ok(found) => {
            *served = served.and(Served::from(&found));
            Ok(Standing { subscription: found.known.subscription, ..facts.standing() })
        }
        Err(error) if asks_for_plan => Err(Refusal::unknown(error)),
        // It has what it has without one.
        Err(_) => Ok(facts.standing()),
    }
}
