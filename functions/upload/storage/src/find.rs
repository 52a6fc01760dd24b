//! Finding uploads.

use crate::row::{COLUMNS, read};
use jiff::Timestamp;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UploadId, UserId, VideoId};
use mcsp_problem::Problem;
use upload_domain::Upload;
use uuid::Uuid;

/// Anybody's upload.
pub async fn find(context: &Context, id: UploadId) -> Result<Option<Upload>, Problem> {
    let query = sql(&format!("SELECT {COLUMNS} FROM uploads WHERE id = $1")).bind(id.uuid());
    let rows = context.bridge().query(query.into()).await?;
    Ok(Rows::new("uploads", rows).first(read)?)
}

/// The upload that a video has its file from; where there is none, the last of its uploads.
pub async fn source_of(context: &Context, video: VideoId) -> Result<Option<Upload>, Problem> {
    let query = sql(&format!(
        "SELECT {COLUMNS} FROM uploads WHERE video_id = $1 ORDER BY (state = 'ready') DESC, id DESC LIMIT 1"
    ))
    .bind(video.uuid());
    let rows = context.bridge().query(query.into()).await?;
    Ok(Rows::new("uploads", rows).first(read)?)
}

/// The uploads of a video of which the store may hold something.
pub async fn held_of(context: &Context, video: VideoId) -> Result<Vec<Upload>, Problem> {
    let query =
        sql(&format!("SELECT {COLUMNS} FROM uploads WHERE video_id = $1 AND NOT released ORDER BY id"))
            .bind(video.uuid());
    let rows = context.bridge().query(query.into()).await?;
    Ok(Rows::new("uploads", rows).map(read)?)
}

/// The owner's upload: 404 `not_found` where there is none, or where it is another's.
pub async fn owned(context: &Context, id: UploadId, owner: UserId) -> Result<Upload, Problem> {
    find(context, id).await?.filter(|upload| upload.owner == owner).ok_or_else(Problem::not_found)
}

/// The owner's uploads, the newest first, behind the one that `after` names by creation and id.
pub async fn page(
    context: &Context,
    owner: UserId,
    after: Option<(Timestamp, Uuid)>,
    rows: i64,
) -> Result<Vec<Upload>, Problem> {
    let (created_at, id) = after.unzip();
    let query = sql(&format!(
        "SELECT {COLUMNS} FROM uploads \
         WHERE owner_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3)) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    ))
    .bind(owner.uuid())
    .bind(created_at)
    .bind(id)
    .bind(rows);
    let rows = context.bridge().query(query.into()).await?;
    Ok(Rows::new("uploads", rows).map(read)?)
}
