//! Who may write to an upload whose bytes pass through a function: one request at a time.

use jiff::Timestamp;
use mcsp_bridge_api::postgres::{GuardedStatement, TransactError, Transaction};
use mcsp_bridge_api::sql::sql;
use mcsp_function::Context;
use mcsp_ids::UploadId;
use mcsp_problem::Problem;
use uuid::Uuid;

/// Takes the right to write to an upload until then, where nobody has it now; false where somebody has.
pub async fn take_writer(
    context: &Context,
    upload: UploadId,
    writer: Uuid,
    until: Timestamp,
) -> Result<bool, Problem> {
    let statement = sql("INSERT INTO writers AS w (upload_id, writer_id, held_until) VALUES ($1, $2, $3) \
         ON CONFLICT ON CONSTRAINT writers_pkey DO UPDATE SET writer_id = excluded.writer_id, \
             held_until = excluded.held_until \
         WHERE w.held_until <= $4")
    .bind(upload.uuid())
    .bind(writer)
    .bind(until)
    .bind(context.now());
    changed(context, statement.expecting(1)).await
}

/// Keeps the right to write until then; false where it is another's by now, or nobody's.
pub async fn keep_writer(
    context: &Context,
    upload: UploadId,
    writer: Uuid,
    until: Timestamp,
) -> Result<bool, Problem> {
    let statement = sql("UPDATE writers SET held_until = $3 WHERE upload_id = $1 AND writer_id = $2")
        .bind(upload.uuid())
        .bind(writer)
        .bind(until);
    changed(context, statement.expecting(1)).await
}

/// Gives the right to write back.
pub async fn free_writer(context: &Context, upload: UploadId, writer: Uuid) -> Result<(), Problem> {
    let statement = sql("DELETE FROM writers WHERE upload_id = $1 AND writer_id = $2")
        .bind(upload.uuid())
        .bind(writer)
        .unguarded();
    context.bridge().transact(Transaction::of(vec![statement])).await?;
    Ok(())
}

async fn changed(context: &Context, statement: GuardedStatement) -> Result<bool, Problem> {
    match context.bridge().transact(Transaction::of(vec![statement])).await {
        Ok(_) => Ok(true),
        Err(TransactError::UnexpectedRows(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
