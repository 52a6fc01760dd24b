//! Saving uploads: each change is one statement, guarded by the version that it was decided on.

use crate::quota::USED;
use crate::row::{StateColumns, state_columns};
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction, Violation};
use mcsp_bridge_api::sql::{exclusively, sql};
use mcsp_function::Context;
use mcsp_problem::Problem;
use upload_domain::{Quota, Upload};

/// What is written together with an upload.
#[derive(Default)]
pub struct Written {
    /// Events that tell of the change.
    pub events: Vec<Event>,
    /// Statements that belong to it, such as the one that remembers the answer.
    pub statements: Vec<GuardedStatement>,
}

/// Why an upload was not saved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SaveError {
    /// Another request changed it since it was read: read it again and decide again.
    #[error("the upload was changed by another request")]
    Overtaken,
    /// Nothing was written, or it is not known.
    #[error("the upload could not be saved")]
    Failed(#[source] TransactError),
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Overtaken => {
                let mismatch = RowMismatch { statement: UPLOAD, actual_rows: 0 };
                TransactError::UnexpectedRows(mismatch).into()
            }
            SaveError::Failed(error) => error.into(),
        }
    }
}

/// The statement of the upload itself is the first of its transaction.
const UPLOAD: u32 = 0;

/// Why an upload was not made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InsertError {
    /// It is more than its owner's quota has left.
    #[error("the quota is not enough")]
    TooMuch,
    /// Another upload is to replace the file of this video.
    #[error("the file of the video is being replaced")]
    Replacing,
    /// Another upload brings the first file of this video, or has brought it.
    #[error("the video has its first file from another upload")]
    Brought,
    /// Nothing was written, or it is not known.
    #[error("the upload could not be saved")]
    Failed(#[source] TransactError),
}

/// Saves a new upload, if the quota has that much left.
pub async fn insert(
    context: &Context,
    upload: &Upload,
    quota: Quota,
    written: Written,
) -> Result<(), InsertError> {
    /// The place of the upload's own statement.
    const INSERTED: u32 = 1;
    let Written { events, statements } = written;
    // One of an owner's after the other: what is counted is exact.
    let first = [exclusively("uploads of", upload.owner.uuid()), inserted(upload, quota)];
    let statements = first.into_iter().chain(statements).collect();
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: INSERTED, .. })) => {
            Err(InsertError::TooMuch)
        }
        Err(TransactError::ConstraintViolated(Violation { constraint, .. }))
            if constraint == "uploads_replacement" =>
        {
            Err(InsertError::Replacing)
        }
        Err(TransactError::ConstraintViolated(Violation { constraint, .. }))
            if constraint == "uploads_original" =>
        {
            Err(InsertError::Brought)
        }
        Err(error) => Err(InsertError::Failed(error)),
    }
}

fn inserted(upload: &Upload, quota: Quota) -> GuardedStatement {
    let StateColumns { name, .. } = state_columns(upload);
    // The owner and the time stand first, as in what is used.
    let text = format!(
        "INSERT INTO uploads (owner_id, created_at, id, video_id, version, region, bucket, object_key, \
             file_name, size_bytes, content_type, checksum_sha256, part_size_bytes, state, expires_at, \
             protection, replaces) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $18, $19 FROM ({USED}) AS used \
         WHERE used.open_uploads < $16 AND used.bytes + $10 <= $17"
    );
    sql(&text)
        .bind(upload.owner.uuid())
        .bind(upload.created_at)
        .bind(upload.id.uuid())
        .bind(upload.video.uuid())
        .bind(upload.version)
        .bind(upload.region.as_str())
        .bind(upload.object.bucket.as_str())
        .bind(upload.object.key.as_str())
        .bind(upload.file.name.as_str())
        .bind(signed(upload.file.size_bytes))
        .bind(upload.file.content_type.as_str())
        .bind(upload.file.checksum_sha256.as_ref().map(|checksum| checksum.as_str()))
        .bind(upload.plan.parts().map(|parts| signed(parts.part_bytes())))
        .bind(name)
        .bind(upload.expires_at)
        .bind(quota.open_uploads)
        .bind(signed(quota.bytes))
        .bind(upload.protection.as_str())
        .bind(upload.replaces)
        .expecting(1)
}

/// Saves an upload that is one version on from what is stored.
pub async fn save(context: &Context, upload: &Upload, written: Written) -> Result<(), SaveError> {
    transact(context, update(upload), written).await
}

/// The statement that saves an upload that is one version on from what is stored.
pub fn update(upload: &Upload) -> GuardedStatement {
    let StateColumns { name, initiated_at, progress_percent, failure_code } = state_columns(upload);
    sql("UPDATE uploads SET version = $3, state = $4, initiated_at = $5, progress_percent = $6, \
             failure_code = $7, multipart_id = $8, multipart_checksummed = $9, released = $10, \
             object_key = $11, owner_id = $12 \
         WHERE id = $1 AND version = $2")
    .bind(upload.id.uuid())
    .bind(upload.version - 1)
    .bind(upload.version)
    .bind(name)
    .bind(initiated_at)
    .bind(progress_percent)
    .bind(failure_code)
    .bind(upload.multipart.as_ref().map(|multipart| multipart.id.as_str()))
    .bind(upload.multipart.as_ref().is_some_and(|multipart| multipart.checksummed))
    .bind(upload.released)
    .bind(upload.object.key.as_str())
    .bind(upload.owner.uuid())
    .expecting(1)
}

/// The statement that holds an upload as it is stored, until the transaction ends.
pub fn hold(upload: &Upload) -> GuardedStatement {
    sql("SELECT FROM uploads WHERE id = $1 AND version = $2 FOR SHARE")
        .bind(upload.id.uuid())
        .bind(upload.version)
        .expecting(1)
}

/// The statement that removes an upload as it is stored.
pub fn forget(upload: &Upload) -> GuardedStatement {
    sql("DELETE FROM uploads WHERE id = $1 AND version = $2")
        .bind(upload.id.uuid())
        .bind(upload.version)
        .expecting(1)
}

async fn transact(context: &Context, first: GuardedStatement, written: Written) -> Result<(), SaveError> {
    let Written { events, statements } = written;
    let statements = std::iter::once(first).chain(statements).collect();
    let transaction = Transaction { consumed_event: None, statements, events };
    match context.bridge().transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: UPLOAD, .. })) => {
            Err(SaveError::Overtaken)
        }
        Err(error) => Err(SaveError::Failed(error)),
    }
}

/// As `bigint` has it. Sizes are far below its end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
