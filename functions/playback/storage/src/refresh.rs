//! Copies that answer while Redis can't: after the answer, those that are not quite new are made anew from Postgres. What one
//! process has heard of counts in the others too that way, and nobody waits for it.

use crate::memory::{self, Stale, take_turns};
use crate::subscriptions::in_postgres;
use crate::videos_postgres::Known;
use crate::{
    Account, Bounds, StoreError, accounts_postgres, subscription, subscriptions_postgres, videos_postgres,
};
use mcsp_bridge_api::Bridge;
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};

/// From this age on a copy is made anew.
const OLD_MS: u64 = 10_000;
/// Nobody else asks Postgres of the same meanwhile, nor for so long where it could not tell. Nor is it waited for any longer:
/// nobody waits for the copy, and calls that are given up count against its breaker.
const TURN_MS: u32 = 2_000;

/// Makes the copy of a video anew.
pub(crate) fn refresh_video(context: &Context, bounds: &Bounds, id: VideoId, age_ms: u64) {
    if age_ms >= OLD_MS {
        after_answer(context, bounds, vec![Stale::Video(id)]);
    }
}

/// Makes the copy of what an account has subscribed to anew.
pub(crate) fn refresh_subscription(context: &Context, bounds: &Bounds, user: UserId, age_ms: u64) {
    if age_ms >= OLD_MS {
        after_answer(context, bounds, vec![Stale::Subscription(user)]);
    }
}

/// Makes anew what is remembered of an account.
pub fn refresh_after_answer(context: &Context, bounds: &Bounds, account: &Account) {
    let (user, plan) = (account.user(), account.facts().subscription);
    let state = account.state_age_ms().map(|age_ms| (age_ms, Stale::State(user)));
    let plan = plan.map(|plan| (plan.stale_ms, Stale::Subscription(user)));
    let old = state.into_iter().chain(plan).filter(|(age_ms, _)| *age_ms >= OLD_MS);
    after_answer(context, bounds, old.map(|(_, stale)| stale).collect());
}

/// Makes an account's state anew, however old it is.
pub fn refresh_state_after_answer(context: &Context, bounds: &Bounds, user: UserId) {
    after_answer(context, bounds, vec![Stale::State(user)]);
}

fn after_answer(context: &Context, bounds: &Bounds, stale: Vec<Stale>) {
    if stale.is_empty() {
        return;
    }
    let (own, bounds) = (context.clone(), *bounds);
    context.after_answer(async move {
        // What Postgres can't tell now is asked for again after another answer.
        drop(refresh_all(own.bridge(), &bounds, stale).await);
    });
}

/// The first failure is enough: the others would be asked for in vain too.
async fn refresh_all(bridge: &dyn Bridge, bounds: &Bounds, stale: Vec<Stale>) -> Result<(), StoreError> {
    for one in take_turns(bridge, stale, TURN_MS).await? {
        refresh(bridge, bounds, one).await?;
    }
    Ok(())
}

/// Nothing is sent while Postgres is known to be away.
async fn refresh(bridge: &dyn Bridge, bounds: &Bounds, stale: Stale) -> Result<(), StoreError> {
    match stale {
        Stale::Video(id) => match videos_postgres::try_find(bridge, TURN_MS, id).await? {
            Some(Known::Told(version)) => memory::keep_video(bridge, bounds, id, &version).await,
            // The copy is of Content's word alone.
            Some(Known::Decided(decision)) if decision.denies => memory::forget_video(bridge, id).await,
            Some(Known::Decided(_)) | None => Ok(()),
        },
        Stale::State(user) => {
            let found = accounts_postgres::try_find(bridge, TURN_MS, user).await?;
            memory::keep_account(bridge, bounds, user, found.unwrap_or(subscription::NOTHING_HEARD)).await
        }
        Stale::Subscription(user) => {
            let known = in_postgres(subscriptions_postgres::try_find(bridge, TURN_MS, user).await?);
            memory::keep_subscription(bridge, bounds, user, known.parts()).await
        }
    }
}
