//! `mcsp.auth.account.*.v1`: what Playback must know of accounts. Of one that is erased it forgets where its owner
//! stopped.

use http::StatusCode;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use playback_domain::AccountState;
use playback_storage::{accounts, positions};
use serde::Deserialize;

/// The state of an account: what is needed of it here.
#[derive(Deserialize)]
struct AccountChanged {
    user_id: UserId,
    version: u64,
    state: String,
}

/// Postgres first, then Redis, also when the event was applied before: a delivery that broke off between the two is
/// mended by the next. What processes hold of an erased account they forget when they come to write it.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let AccountChanged { user_id, version, state } = received.data()?;
    let state = AccountState::from_name(&state).ok_or_else(unknown_state)?;
    let mut statements = vec![accounts::upsert(user_id, version, state)];
    if state == AccountState::Erased {
        statements.push(positions::forget_all(user_id));
    }
    let applied = received.apply(context, statements, Vec::new()).await?;
    if state == AccountState::Erased {
        positions::drop_kept(context.bridge(), user_id).await?;
    }
    Ok(applied)
}

fn unknown_state() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_event", "the event's data cannot be read")
        .with_detail("unknown state")
}
