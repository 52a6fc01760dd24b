//! `mcsp.auth.account.erased.v1`: the videos of an account that is no more are taken back, and what their owner said of
//! them is forgotten.

use content_contract::event;
use content_domain::Outcome;
use content_storage as storage;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_paging::Limit;
use mcsp_problem::Problem;
use serde::Deserialize;

#[derive(Deserialize)]
struct Erased {
    user_id: UserId,
}

/// A page of videos after the other, each with its events in one transaction. A delivery that breaks off is repeated:
/// what is erased already stays as it is.
pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let Erased { user_id } = received.data()?;
    let mut after = None;
    loop {
        let videos = storage::of_owner(context, user_id, None, after, Limit::default()).await?;
        let Some(last) = videos.last() else { break };
        after = Some(last.origin.id);
        let changes: Vec<_> = videos
            .into_iter()
            .filter_map(|video| match video.erase(context.now()) {
                Outcome::Changed(change) => Some(change),
                Outcome::Unchanged(_) => None,
            })
            .collect();
        let forgotten = changes.iter().map(|change| storage::forget_passwords(change.video.origin.id));
        let statements = changes.iter().map(storage::update).chain(forgotten).collect();
        let events = changes.iter().map(|change| event(context, &received.trace, change)).collect();
        context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
    }
    Ok(received.apply(context, vec![storage::forget_drafts(user_id)], Vec::new()).await?)
}
