//! `mcsp.auth.account.*.v1`: what Playback must know of accounts. One that is suspended plays nothing any more; of one that
//! is erased Playback forgets where its owner stopped.

use crate::settle;
use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use playback_domain::AccountState;
use playback_storage::{Bounds, accounts, devices, positions, subscriptions};
use serde::Deserialize;

/// The state of an account: what is needed of it here.
#[derive(Deserialize)]
struct AccountChanged {
    user_id: UserId,
    version: u64,
    state: String,
}

/// Postgres first; then what is remembered here, and Redis.
pub(crate) async fn apply(
    context: &Context,
    bounds: &Bounds,
    received: &Received,
) -> Result<Applied, Problem> {
    let AccountChanged { user_id, version, state } = received.data()?;
    let state = AccountState::from_name(&state).ok_or_else(unknown_state)?;
    let mut statements = vec![accounts::upsert(user_id, version, state)];
    if state == AccountState::Erased {
        let forgotten = [positions::forget_all(user_id), devices::forget_all(user_id)];
        statements.extend(forgotten.into_iter().chain([subscriptions::forget(user_id)]));
        // What was held is written before it, or not at all.
        statements.insert(0, accounts::lock(user_id));
    }
    let applied = received.apply(context, statements, Vec::new()).await?;
    settle::account(context, bounds, user_id).await?;
    Ok(applied)
}

fn unknown_state() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_event", "the event's data cannot be read")
        .with_detail("unknown state")
}
