//! What is done for the next answer, once this one was given.

use crate::memory::{Seen, remember};
use crate::reply::{command, words};
use crate::{Bounds, Redis, StoreError, write_back};
use mcsp_bridge_api::Failure;
use mcsp_function::Context;

/// As many as the breaker asks for: fewer would leave it half-open.
const PROBES_MAX: usize = 10;

/// Remembers what the stores told, for when they can't; and since they answer, gives them what is held for them.
pub fn remember_after_answer(context: &Context, bounds: &Bounds, seen: Seen) {
    let (own, bounds) = (context.clone(), *bounds);
    context.after_answer(async move {
        if let Ok(true) = remember(own.bridge(), &bounds, seen).await {
            write_back(own.bridge(), &bounds).await;
        }
    });
}

/// Asks Redis for nothing, so that it is connected when a viewer comes.
pub async fn connect(context: &Context) -> Result<(), StoreError> {
    command(Redis::from(context.bridge()), &["PING"]).await.map(drop)
}

/// Finds out whether Redis is well again, where its breaker kept this answer from asking it: nobody who waits for an
/// answer does.
pub fn probe_after_answer(context: &Context, error: &StoreError) {
    if !matches!(error, StoreError::Failed(Failure::BreakerOpen(_))) {
        return;
    }
    let own = context.clone();
    context.after_answer(async move {
        for _ in 0..PROBES_MAX {
            if own.bridge().pipeline(vec![words(&["PING"])]).await.is_err() {
                break;
            }
        }
    });
}
