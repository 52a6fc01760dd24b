//! Images that owners are about to send. Those that are there stand in the video's row.

use crate::{ReadError, lock};
use content_domain::{ImageChecksum, ImageFile, ImageType, OWN_THUMBNAILS_MAX};
use jiff::Timestamp;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{ThumbnailId, VideoId};

/// An image that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingThumbnail {
    /// Which it will be.
    pub id: ThumbnailId,
    /// Of which video.
    pub video: VideoId,
    /// What was said of it.
    pub file: ImageFile,
    /// Until when it must be there.
    pub expires_at: Timestamp,
}

/// Why an image is not waited for.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// The video has as many as it can, or is gone.
    #[error("the video takes no more thumbnails")]
    NoRoom,
    /// The transaction was rolled back for another reason.
    #[error("the transaction failed")]
    Failed(#[source] TransactError),
}

/// Where the statement stands that writes the row.
const INSERT: u32 = 1;

/// Has an image waited for, if its video has room for it. Of any number of them at once exactly as many are taken: each looks only when
/// the one before is written, and what is completed meanwhile counts as before.
pub async fn declare_thumbnail(
    context: &Context,
    pending: &PendingThumbnail,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), DeclareError> {
    let PendingThumbnail { id, video, file, expires_at } = pending;
    let insert = sql(
        "INSERT INTO thumbnail_uploads (id, video_id, content_type, size_bytes, checksum_sha256, expires_at) \
         SELECT $1, $2, $3, $4, $5, $6 FROM videos WHERE id = $2 AND deleted_at IS NULL \
             AND coalesce(jsonb_array_length(thumbnails -> 'own'), 0) \
                 + (SELECT count(*) FROM thumbnail_uploads WHERE video_id = $2 AND expires_at > $7) < $8",
    )
    .bind(id.uuid())
    .bind(video.uuid())
    .bind(file.content_type.as_str())
    .bind(count(file.size_bytes))
    .bind(file.checksum_sha256.as_str())
    .bind(*expires_at)
    .bind(context.now())
    .bind(count(OWN_THUMBNAILS_MAX as u64))
    .expecting(1);
    let statements = [lock(*video), insert].into_iter().chain(also).collect();
    match context.bridge().transact(Transaction::of(statements)).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: INSERT, .. })) => {
            Err(DeclareError::NoRoom)
        }
        Err(error) => Err(DeclareError::Failed(error)),
    }
}

/// Numbers of Postgres have a sign.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An image of a video that is waited for, or was.
pub async fn pending_thumbnail(
    context: &Context,
    video: VideoId,
    id: ThumbnailId,
) -> Result<Option<PendingThumbnail>, ReadError> {
    let statement =
        sql("SELECT content_type, size_bytes, checksum_sha256, expires_at FROM thumbnail_uploads \
         WHERE id = $1 AND video_id = $2")
        .bind(id.uuid())
        .bind(video.uuid());
    let rows = Rows::new("thumbnail_uploads", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| {
        let file = ImageFile {
            content_type: row.parse("content_type", |name: String| ImageType::parse(&name).ok())?,
            size_bytes: row.take("size_bytes")?,
            checksum_sha256: row.parse("checksum_sha256", |text: String| ImageChecksum::parse(&text).ok())?,
        };
        Ok(PendingThumbnail { id, video, file, expires_at: row.take("expires_at")? })
    })?)
}

/// The statement by which an image that is waited for is not any more.
pub fn take_pending_thumbnail(id: ThumbnailId) -> GuardedStatement {
    sql("DELETE FROM thumbnail_uploads WHERE id = $1").bind(id.uuid()).expecting(1)
}

/// The statement by which no image of a video is waited for whose time was over by then.
pub fn forget_late_thumbnails(video: VideoId, by: Timestamp) -> GuardedStatement {
    sql("DELETE FROM thumbnail_uploads WHERE video_id = $1 AND expires_at <= $2")
        .bind(video.uuid())
        .bind(by)
        .unguarded()
}

/// The statement by which no image of a video is waited for.
pub fn forget_pending_thumbnails(video: VideoId) -> GuardedStatement {
    sql("DELETE FROM thumbnail_uploads WHERE video_id = $1").bind(video.uuid()).unguarded()
}
