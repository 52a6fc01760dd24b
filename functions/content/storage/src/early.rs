//! The pipeline's last word on videos that are not there yet, or are drafts still.
//!
//! Two events make a video, or give a draft its file: one tells of the upload, one of the outcome. Whichever comes second must see
//! what the first has left, also when both are applied at the same time. So each transaction takes the
//! video's lock first, and its later statements see all that the other has committed.

use crate::ReadError;
use content_domain::Processed;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Json, Rows, exclusively, sql};
use mcsp_function::Context;
use mcsp_ids::VideoId;

/// The statement that keeps others away from a video that may not exist, until the transaction ends.
pub fn lock(id: VideoId) -> GuardedStatement {
    exclusively("videos", id.uuid())
}

/// What the pipeline said before the upload was known.
pub async fn early_outcome(context: &Context, id: VideoId) -> Result<Option<Processed>, ReadError> {
    let statement = sql("SELECT outcome FROM early_outcomes WHERE video_id = $1").bind(id.uuid());
    let rows = Rows::new("early_outcomes", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| row.take("outcome").map(|Json(outcome)| outcome))?)
}

/// The statement that keeps the outcome of a video which does not exist or is a draft, and has none waiting.
pub fn keep_early(id: VideoId, outcome: &Processed, now: Timestamp) -> GuardedStatement {
    sql("INSERT INTO early_outcomes (video_id, outcome, received_at) SELECT $1, $2, $3 \
         WHERE NOT EXISTS (SELECT FROM videos WHERE id = $1 AND coalesce(held_state, state) <> 'draft') \
         ON CONFLICT ON CONSTRAINT early_outcomes_pkey DO NOTHING")
    .bind(id.uuid())
    .bind(serde_json::json!(outcome))
    .bind(now)
    .expecting(1)
}

/// The statement that lets a transaction fail where an outcome has come to wait meanwhile.
pub fn no_early(id: VideoId) -> GuardedStatement {
    sql("SELECT true WHERE NOT EXISTS (SELECT FROM early_outcomes WHERE video_id = $1)")
        .bind(id.uuid())
        .expecting(1)
}

/// The statement that takes the outcome away, for the video that is made from it.
pub fn take_early(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM early_outcomes WHERE video_id = $1").bind(id.uuid()).expecting(1)
}

/// The statement that forgets the outcome, where one waits, of a video that takes none any more.
pub fn forget_early(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM early_outcomes WHERE video_id = $1").bind(id.uuid()).unguarded()
}
