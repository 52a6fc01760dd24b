//! Videos that are there before their files, of which each owner has so many at the most.

use crate::row::{COLUMNS, bind, parameters};
use crate::{Owner, lock_owner, owner_is};
use content_domain::Video;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::sql;
use mcsp_function::Context;

/// Why a draft was not written.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Its owner has as many as may be.
    #[error("there are as many drafts as may be")]
    TooMany,
    /// Nothing was written, or it is not known.
    #[error("the transaction failed")]
    Failed(#[source] TransactError),
}

/// Writes a new draft of an owner of whom this is known, if they have fewer than so many, with its events and what is to be
/// remembered. Deleted ones count as long as they can be had back. One after the other: of any number at once as many are written
/// as there is room for.
pub async fn insert_draft(
    context: &Context,
    (video, owner): (&Video, Option<Owner>),
    at_most: u32,
    events: Vec<Event>,
    remembered: Option<GuardedStatement>,
) -> Result<(), DraftError> {
    /// The place of the draft's own statement.
    const INSERTED: u32 = 2;
    let owner_id = video.origin.owner;
    let first = [lock_owner(owner_id), owner_is(owner_id, owner), inserted(video, at_most)];
    let statements = first.into_iter().chain(remembered).collect();
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: INSERTED, .. })) => {
            Err(DraftError::TooMany)
        }
        Err(error) => Err(DraftError::Failed(error)),
    }
}

fn inserted(video: &Video, at_most: u32) -> GuardedStatement {
    let (parameters, at_most_parameter) = parameters();
    let text = format!(
        "INSERT INTO videos ({COLUMNS}) SELECT {parameters} \
         WHERE (SELECT count(*) FROM videos WHERE owner_id = $2 AND coalesce(held_state, state) = 'draft') < {at_most_parameter}"
    );
    bind(sql(&text), video).bind(at_most).expecting(1)
}
