//! `admin.decision.made`: an account is suspended, or reinstated.
//!
//! A suspension ends all sessions of the account in the same transaction: no token is refreshed any more, none is
//! introspected as active, and the access tokens that are out expire within their ten minutes.

use auth_domain::TransitionRefused;
use auth_events::account_changed;
use auth_storage::decisions;
use axum::extract::State;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use serde::Deserialize;

/// The state of the decisions on an account: what is needed of it here.
#[derive(Deserialize)]
struct AccountDecided {
    user_id: UserId,
    /// One more with each decision on the account.
    version: i64,
    /// Whether the account is suspended now.
    suspended: bool,
}

pub(crate) async fn decided(State(context): State<Context>, received: Received) -> Result<Applied, Problem> {
    if !received.kind.starts_with("mcsp.admin.account.") {
        return Ok(Applied::Ignored);
    }
    let decision: AccountDecided = received.data()?;
    let decided_before = decisions::last_version(context.bridge(), decision.user_id).await?;
    // An account that is not there has been erased: its id was known to Admin.
    let Some(last_version) = decided_before else { return Ok(Applied::Ignored) };
    if decision.version <= last_version {
        return Ok(Applied::Ignored);
    }
    let Some(account) = auth_storage::account(context.bridge(), decision.user_id).await? else {
        return Ok(Applied::Ignored);
    };
    let now = context.now();
    let (transition, happened) = match decision.suspended {
        true => (account.clone().suspend(now), "account.suspended"),
        false => (account.clone().reinstate(), "account.reinstated"),
    };
    let (statements, events) = match transition {
        Ok(changed) => {
            let event = account_changed(&context, &received.trace, &changed, happened);
            (decisions::move_to(&changed, decision.version, now), vec![event])
        }
        // It is so already: the decision is noted, and there is nothing to tell.
        Err(TransitionRefused { .. }) => (vec![decisions::note(&account, decision.version)], Vec::new()),
    };
    Ok(received.apply(&context, statements, events).await?)
}
