//! `mcsp.auth.account.erased.v1`: Playback forgets where its owner stopped.

use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use playback_storage::positions;
use serde::Deserialize;

#[derive(Deserialize)]
struct Erased {
    user_id: UserId,
}

/// Postgres first, then Redis, also when the event was applied before: a delivery that broke off between the two is
/// mended by the next.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let Erased { user_id } = received.data()?;
    let applied = received.apply(context, vec![positions::forget(user_id)], Vec::new()).await?;
    positions::drop_kept(context.bridge(), user_id).await?;
    Ok(applied)
}
