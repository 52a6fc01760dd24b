//! Who may send one upload in its owner's name: whoever has its token.

use jiff::Timestamp;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UploadId, UserId};
use mcsp_problem::Problem;
use upload_domain::TokenDigest;

/// Keeps the token of an upload, in the place of the one that it had.
pub async fn keep_token(
    context: &Context,
    upload: UploadId,
    digest: TokenDigest,
    until: Timestamp,
) -> Result<(), Problem> {
    let statement = sql("INSERT INTO upload_tokens (upload_id, digest, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT ON CONSTRAINT upload_tokens_pkey DO UPDATE SET digest = excluded.digest, \
             expires_at = excluded.expires_at")
    .bind(upload.uuid())
    .bind(digest.as_bytes().to_vec())
    .bind(until)
    .expecting(1);
    context.bridge().transact(Transaction::of(vec![statement])).await?;
    Ok(())
}

/// The owner of an upload, if this is its token and still good.
pub async fn owner_by_token(
    context: &Context,
    upload: UploadId,
    digest: TokenDigest,
) -> Result<Option<UserId>, Problem> {
    let query = sql(
        "SELECT uploads.owner_id FROM upload_tokens JOIN uploads ON uploads.id = upload_tokens.upload_id \
         WHERE upload_tokens.upload_id = $1 AND upload_tokens.digest = $2 AND upload_tokens.expires_at > $3",
    )
    .bind(upload.uuid())
    .bind(digest.as_bytes().to_vec())
    .bind(context.now());
    let rows = Rows::new("uploads", context.bridge().query(query.into()).await?);
    Ok(rows.first(|row| Ok(UserId::from_uuid(row.take("owner_id")?)))?)
}

/// The statement that forgets the token of an upload.
pub fn forget_token(upload: UploadId) -> GuardedStatement {
    sql("DELETE FROM upload_tokens WHERE upload_id = $1").bind(upload.uuid()).unguarded()
}
