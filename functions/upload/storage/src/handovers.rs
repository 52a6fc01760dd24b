//! Videos that were given to other accounts: the last of it that is known, and what goes with them.

use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;

/// Content's version of the video with which it was given away last, as far as that is known; none of one that never was.
pub async fn handed_over(context: &Context, video: VideoId) -> Result<Option<i64>, Problem> {
    let query = sql("SELECT version FROM handovers WHERE video_id = $1").bind(video.uuid());
    let rows = Rows::new("handovers", context.bridge().query(query.into()).await?);
    Ok(rows.first(|row| row.take("version"))?)
}

/// The statement that keeps with which version a video was given away, over an earlier one alone.
pub fn keep_handover(video: VideoId, version: i64) -> GuardedStatement {
    sql("INSERT INTO handovers AS h (video_id, version) VALUES ($1, $2) \
         ON CONFLICT ON CONSTRAINT handovers_pkey DO UPDATE SET version = excluded.version \
         WHERE h.version < excluded.version")
    .bind(video.uuid())
    .bind(version)
    .expecting(1)
}

/// The statement that lets a transaction fail where others than the owner of a video hold files of it, or begin to. It stands behind
/// those that have changed the uploads which are known: who has begun another one until then is found.
pub fn nothing_is_left(video: VideoId, owner: UserId) -> GuardedStatement {
    sql("SELECT true WHERE NOT EXISTS (SELECT FROM uploads WHERE video_id = $1 AND owner_id <> $2 \
             AND state IN ('waiting', 'uploading', 'verifying', 'initiated', 'processing', 'ready'))")
    .bind(video.uuid())
    .bind(owner.uuid())
    .expecting(1)
}

/// The statement that parts the drafts of others from the uploads of a video: its owner may write another one.
pub fn free_drafts(video: VideoId, owner: UserId) -> GuardedStatement {
    sql("UPDATE drafts SET upload_id = NULL, version = version + 1 \
         WHERE upload_id IN (SELECT id FROM uploads WHERE video_id = $1) AND owner_id <> $2")
    .bind(video.uuid())
    .bind(owner.uuid())
    .unguarded()
}
