//! What owners have said of videos in drafts, which may come before the videos do. As with early outcomes, each transaction
//! takes the video's lock first, and is guarded against what the other has left meanwhile.

use crate::ReadError;
use content_domain::Draft;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Json, Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};

/// The last word of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDraft {
    /// The video that it is of.
    pub video: VideoId,
    /// Whose video that is.
    pub owner: UserId,
    /// When it was submitted: of two the later one counts.
    pub submitted_at: Timestamp,
    /// What it says.
    pub draft: Draft,
}

/// What was last said of a video in a draft.
pub async fn draft_of(context: &Context, video: VideoId) -> Result<Option<KeptDraft>, ReadError> {
    let statement =
        sql("SELECT owner_id, submitted_at, draft FROM drafts WHERE video_id = $1").bind(video.uuid());
    let rows = Rows::new("drafts", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| {
        let owner = UserId::from_uuid(row.take("owner_id")?);
        let submitted_at = row.take("submitted_at")?;
        let Json(draft) = row.take("draft")?;
        Ok(KeptDraft { video, owner, submitted_at, draft })
    })?)
}

/// The statement that keeps a draft over what is older, if the video is there, or is not there, as it was read.
pub fn keep_draft(kept: &KeptDraft, video_is_there: bool) -> GuardedStatement {
    sql("INSERT INTO drafts AS d (video_id, owner_id, submitted_at, draft) \
         SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM videos WHERE id = $1) = $5 \
         ON CONFLICT ON CONSTRAINT drafts_pkey DO UPDATE SET submitted_at = excluded.submitted_at, \
             draft = excluded.draft \
         WHERE d.submitted_at < excluded.submitted_at")
    .bind(kept.video.uuid())
    .bind(kept.owner.uuid())
    .bind(kept.submitted_at)
    .bind(serde_json::json!(kept.draft))
    .bind(video_is_there)
    .expecting(1)
}

/// The statement that forgets what was said of a video in drafts.
pub fn forget_draft(video: VideoId) -> GuardedStatement {
    sql("DELETE FROM drafts WHERE video_id = $1").bind(video.uuid()).unguarded()
}

/// The statement that forgets what was said of a video in a draft that was submitted by then, if the video is not there.
pub fn forget_waiting_draft(video: VideoId, by: Timestamp) -> GuardedStatement {
    sql("DELETE FROM drafts WHERE video_id = $1 AND submitted_at <= $2 \
             AND NOT EXISTS (SELECT FROM videos WHERE id = $1)")
    .bind(video.uuid())
    .bind(by)
    .unguarded()
}

/// The statement that forgets what an owner has said in drafts.
pub fn forget_drafts(owner: UserId) -> GuardedStatement {
    sql("DELETE FROM drafts WHERE owner_id = $1").bind(owner.uuid()).unguarded()
}
