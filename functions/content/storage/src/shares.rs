//! Which videos somebody works on beside their owners. The video's row says who does; this says it the other way around.

use crate::ReadError;
use crate::row::COLUMNS;
use crate::videos::all;
use content_domain::Video;
use mcsp_bridge_api::postgres::{GuardedStatement, Value};
use mcsp_bridge_api::sql::{Sql, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_paging::{Limit, in_parts};

/// The videos that somebody works on, newest first, from behind the last one seen, with the row that tells of a next page; none that is
/// deleted.
pub async fn shared_with(
    context: &Context,
    user: UserId,
    after: Option<VideoId>,
    limit: Limit,
) -> Result<Vec<Video>, ReadError> {
    page(context, " AND videos.state <> 'deleted'", (user, after), limit).await
}

/// The same with those that are deleted.
pub async fn shared_with_or_deleted(
    context: &Context,
    user: UserId,
    after: Option<VideoId>,
    limit: Limit,
) -> Result<Vec<Video>, ReadError> {
    page(context, "", (user, after), limit).await
}

async fn page(
    context: &Context,
    condition: &str,
    (user, after): (UserId, Option<VideoId>),
    limit: Limit,
) -> Result<Vec<Video>, ReadError> {
    let read = |after, rows| all(context, part(condition, (user, after), rows));
    in_parts(limit, after, |video: &Video| video.origin.id, read).await
}

fn part(condition: &str, (user, after): (UserId, Option<VideoId>), rows: i64) -> Sql {
    let mut text = format!(
        "SELECT {COLUMNS} FROM shares JOIN videos ON videos.id = shares.video_id WHERE shares.user_id = $1{condition}"
    );
    let mut values: Vec<Value> = vec![user.uuid().into()];
    if let Some(after) = after {
        values.push(after.uuid().into());
        text.push_str(" AND shares.video_id < $2");
    }
    values.push(rows.into());
    text.push_str(&format!(" ORDER BY shares.video_id DESC LIMIT ${}", values.len()));
    values.into_iter().fold(sql(&text), Sql::bind)
}

/// The statement that keeps that somebody works on a video.
pub fn keep_share(id: VideoId, user: UserId) -> GuardedStatement {
    sql("INSERT INTO shares (user_id, video_id) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT shares_pkey DO NOTHING")
        .bind(user.uuid())
        .bind(id.uuid())
        .unguarded()
}

/// The statement that forgets it.
pub fn forget_share(id: VideoId, user: UserId) -> GuardedStatement {
    sql("DELETE FROM shares WHERE user_id = $1 AND video_id = $2")
        .bind(user.uuid())
        .bind(id.uuid())
        .unguarded()
}

/// The statement that forgets who works on a video.
pub fn forget_shares(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM shares WHERE video_id = $1").bind(id.uuid()).unguarded()
}
