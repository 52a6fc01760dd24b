//! Videos that their owners would give to others: one offer at a time of each.

use crate::videos::{as_read, update};
use crate::{Owner, ReadError, WriteError, forget_draft, forget_share, lock_owner, owner_is};
use content_domain::{Change, Offer, Video};
use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};

/// Why nothing was offered.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// The video is offered to somebody.
    #[error("the video is offered to somebody")]
    Pending,
    /// For a reason that other writes have, too.
    #[error(transparent)]
    NotWritten(#[from] WriteError),
}

/// The last offer of a video, whether or not it can still be accepted.
pub async fn offer_of(context: &Context, id: VideoId) -> Result<Option<Offer>, ReadError> {
    let statement = sql("SELECT from_id, to_id, offered_at, expires_at FROM transfers WHERE video_id = $1");
    let rows = Rows::new("transfers", context.bridge().query(statement.bind(id.uuid()).into()).await?);
    Ok(rows.first(|row| {
        let (from, to) = (UserId::from_uuid(row.take("from_id")?), UserId::from_uuid(row.take("to_id")?));
        Ok(Offer { from, to, offered_at: row.take("offered_at")?, expires_at: row.take("expires_at")? })
    })?)
}

/// Keeps an offer of a video as it was read, unless there is another one that can be accepted; with whatever else belongs to it, such
/// as the answer to remember.
pub async fn offer(
    context: &Context,
    video: &Video,
    offer: &Offer,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), OfferError> {
    /// The place of the offer's own statement.
    const OFFERED: u32 = 1;
    let offered = sql("INSERT INTO transfers AS t (video_id, from_id, to_id, offered_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT ON CONSTRAINT transfers_pkey DO UPDATE SET from_id = excluded.from_id, \
             to_id = excluded.to_id, offered_at = excluded.offered_at, expires_at = excluded.expires_at \
         WHERE t.expires_at <= excluded.offered_at")
    .bind(video.origin.id.uuid())
    .bind(offer.from.uuid())
    .bind(offer.to.uuid())
    .bind(offer.offered_at)
    .bind(offer.expires_at)
    .expecting(1);
    let statements = [as_read(video), offered].into_iter().chain(also).collect();
    match context.bridge().transact(Transaction::of(statements)).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: OFFERED, .. })) => {
            Err(OfferError::Pending)
        }
        Err(error) => Err(WriteError::from(error).into()),
    }
}

/// Writes a video that has become another account's by an offer, with its event and the answer to remember. `known` is what is known of
/// the account: where that is something else by now, it is to be decided again, so that nothing is shown of an account that is suspended.
/// What was said in a draft was somebody else's.
pub async fn accept_offer(
    context: &Context,
    (change, offer): (&Change, &Offer),
    known: Option<Owner>,
    event: Event,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), WriteError> {
    let id = change.video.origin.id;
    let beside = [take(id, offer), forget_draft(id), forget_share(id, offer.to)];
    let account = [lock_owner(offer.to), owner_is(offer.to, known)];
    let statements = std::iter::once(update(change)).chain(beside).chain(account).chain(also).collect();
    context.bridge().transact(Transaction { consumed_event: None, statements, events: vec![event] }).await?;
    Ok(())
}

/// Takes an offer back, or declines it, with whatever else belongs to it.
pub async fn withdraw(
    context: &Context,
    id: VideoId,
    offer: &Offer,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), WriteError> {
    let statements = std::iter::once(take(id, offer)).chain(also).collect();
    context.bridge().transact(Transaction::of(statements)).await?;
    Ok(())
}

/// The statement that takes an offer away as it was read.
fn take(id: VideoId, offer: &Offer) -> GuardedStatement {
    sql("DELETE FROM transfers WHERE video_id = $1 AND to_id = $2 AND offered_at = $3")
        .bind(id.uuid())
        .bind(offer.to.uuid())
        .bind(offer.offered_at)
        .expecting(1)
}

/// The statement that forgets what was offered of a video.
pub fn forget_offer(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM transfers WHERE video_id = $1").bind(id.uuid()).unguarded()
}

/// The statement that forgets the offer of a video that had expired by then.
pub fn forget_late_offer(id: VideoId, by: Timestamp) -> GuardedStatement {
    sql("DELETE FROM transfers WHERE video_id = $1 AND expires_at <= $2").bind(id.uuid()).bind(by).unguarded()
}

/// The statement that forgets what was offered by an account, and to it.
pub fn forget_offers(user: UserId) -> GuardedStatement {
    sql("DELETE FROM transfers WHERE from_id = $1 OR to_id = $1").bind(user.uuid()).unguarded()
}
