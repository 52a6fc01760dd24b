//! `mcsp.auth.account.erased.v1`: of an account that is no more, Upload keeps neither files nor their
//! names, nor its drafts and its plan.

use mcsp_bridge_api::postgres::Transaction;
use mcsp_events::{Applied, Received};
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use serde::Deserialize;
use upload_bytes::{Uploads, clear};
use upload_storage::{forget, forget_drafts, forget_plan, page};

/// Uploads that are read at once.
const PAGE: i64 = 50;

#[derive(Deserialize)]
struct Erased {
    user_id: UserId,
}

/// One upload after the other: first its bytes, then its row, so that a delivery that breaks off leaves no bytes that
/// nobody knows of. It is repeated, and finds what is left.
pub(crate) async fn apply(uploads: &Uploads, received: &Received) -> Result<Applied, Problem> {
    let Erased { user_id } = received.data()?;
    let context = &uploads.context;
    loop {
        let kept = page(context, user_id, None, PAGE).await?;
        if kept.is_empty() {
            break;
        }
        for upload in kept {
            clear(uploads, &upload).await?;
            // One that has changed meanwhile is a conflict, and the event comes again.
            let statements = vec![forget(&upload)];
            context.bridge().transact(Transaction::of(statements)).await?;
        }
    }
    let statements = vec![forget_drafts(user_id), forget_plan(user_id)];
    Ok(received.apply(context, statements, Vec::new()).await?)
}
