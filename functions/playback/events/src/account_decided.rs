//! `mcsp.admin.account.*.v1`: what administrators decide on an account. Auth hears of it too, ends its sessions and tells of it; this
//! counts before that, and without it.

use crate::settle;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use playback_domain::Decision;
use playback_storage::{Bounds, accounts};
use serde::Deserialize;

/// The state of the decisions on an account: what is needed of it here.
#[derive(Deserialize)]
struct AccountDecided {
    user_id: UserId,
    /// One more with each decision on the account.
    version: u64,
    /// Whether the account is suspended now.
    suspended: bool,
}

/// Of an account that is erased it is kept as well, and changes nothing: without it the version of what is known would go back.
pub(crate) async fn apply(
    context: &Context,
    bounds: &Bounds,
    received: &Received,
) -> Result<Applied, Problem> {
    let AccountDecided { user_id, version, suspended } = received.data()?;
    let statement = accounts::upsert_decision(user_id, Decision { version, denies: suspended });
    let applied = received.apply(context, vec![statement], Vec::new()).await?;
    settle::account(context, bounds, user_id).await?;
    Ok(applied)
}
