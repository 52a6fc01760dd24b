//! `mcsp.auth.account.erasure_due.v1`, from a timer that closing an account sets: erases the account, unless its
//! owner has taken it back. A suspension does not keep it. What hangs on the row goes with it; other services hear of it
//! and forget theirs.

use auth_events::{ERASURE_DUE, ErasureDue, account_erased};
use axum::extract::State;
use mcsp_events::{Applied, Received, too_early};
use mcsp_function::Context;
use mcsp_problem::Problem;

pub(crate) async fn erase(State(context): State<Context>, received: Received) -> Result<Applied, Problem> {
    if received.kind != ERASURE_DUE {
        return Ok(Applied::Ignored);
    }
    let ErasureDue { user_id } = received.data()?;
    let Some(account) = auth_storage::account(context.bridge(), user_id).await? else {
        return Ok(Applied::Before);
    };
    if account.state.closed_since().is_none() {
        return Ok(Applied::Ignored);
    }
    if !account.is_to_be_erased(context.now()) {
        return Err(too_early("the account can still be taken back"));
    }
    let statements = vec![auth_storage::erase(&account)];
    let events = vec![account_erased(&context, &received.trace, &account)];
    Ok(received.apply(&context, statements, events).await?)
}
