//! Reading and writing videos.

use crate::row::{COLUMNS, bind, parameters, read};
use crate::{ReadError, WriteError};
use content_domain::{Change, StateName, Video, Viewer, Way, decide};
use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_bridge_api::sql::{Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_paging::{Limit, in_parts};
use uuid::Uuid;

/// The video, whoever's it is.
pub async fn find(context: &Context, id: VideoId) -> Result<Option<Video>, ReadError> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM videos WHERE id = $1")).bind(id.uuid());
    first(context, statement).await
}

/// The video, if this viewer sees it by its link: what is hidden is told apart from what does not exist by nobody.
pub async fn find_shown(context: &Context, id: VideoId, viewer: &Viewer) -> Result<Option<Video>, ReadError> {
    let video = find(context, id).await?;
    Ok(video.filter(|video| decide(video, viewer, Way::Link).is_ok()))
}

/// Those of these videos that are there, in no order.
pub async fn find_all(context: &Context, ids: &[VideoId]) -> Result<Vec<Video>, ReadError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let statement = sql(&format!("SELECT {COLUMNS} FROM videos WHERE id = ANY($1)")).bind(ids);
    all(context, statement).await
}

/// The video, if it is this owner's and is not deleted.
pub async fn owned(context: &Context, id: VideoId, owner: UserId) -> Result<Option<Video>, ReadError> {
    let video = owned_or_deleted(context, id, owner).await?;
    Ok(video.filter(|video| video.deletion.is_none()))
}

/// The video, if it is this owner's, also one that is deleted.
pub async fn owned_or_deleted(
    context: &Context,
    id: VideoId,
    owner: UserId,
) -> Result<Option<Video>, ReadError> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM videos WHERE id = $1 AND owner_id = $2"))
        .bind(id.uuid())
        .bind(owner.uuid());
    first(context, statement).await
}

/// The video, if this account may change what is said of it and it is not deleted.
pub async fn editable(context: &Context, id: VideoId, user: UserId) -> Result<Option<Video>, ReadError> {
    let video = find(context, id).await?;
    Ok(video.filter(|video| video.is_edited_by(user) && video.deletion.is_none()))
}

/// The video, if this account owns it or works on it, in whatever role, and it is not deleted.
pub async fn shared(context: &Context, id: VideoId, user: UserId) -> Result<Option<Video>, ReadError> {
    let video = find(context, id).await?;
    Ok(video.filter(|video| video.is_shared_with(user) && video.deletion.is_none()))
}

/// Which of an owner's videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All of them.
    Everything,
    /// Those that are not deleted.
    NotDeleted,
    /// Those that show this state; of the deleted ones, those that can be had back.
    In(StateName),
}

/// An owner's videos, newest first, from behind the last one seen, with the row that tells of a next page.
pub async fn of_owner(
    context: &Context,
    owner: UserId,
    listed: Listed,
    after: Option<VideoId>,
    limit: Limit,
) -> Result<Vec<Video>, ReadError> {
    let read = |after, rows| all(context, listing(owner, listed, after, rows));
    in_parts(limit, after, |video: &Video| video.origin.id, read).await
}

fn listing(owner: UserId, listed: Listed, after: Option<VideoId>, rows: i64) -> Sql {
    let mut text = format!("SELECT {COLUMNS} FROM videos WHERE owner_id = $1");
    let mut values: Vec<mcsp_bridge_api::postgres::Value> = vec![owner.uuid().into()];
    match listed {
        Listed::Everything => {}
        Listed::NotDeleted => text.push_str(" AND state <> 'deleted'"),
        Listed::In(state) => {
            values.push(state.as_str().into());
            text.push_str(&format!(" AND state = ${} AND NOT purged", values.len()));
        }
    }
    if let Some(after) = after {
        values.push(after.uuid().into());
        text.push_str(&format!(" AND id < ${}", values.len()));
    }
    values.push(rows.into());
    text.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
    values.into_iter().fold(sql(&text), Sql::bind)
}

/// Writes a changed video with its event and whatever else belongs to it, such as the answer to remember.
pub async fn save(
    context: &Context,
    change: &Change,
    event: Event,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), WriteError> {
    let statements = std::iter::once(update(change)).chain(also).collect();
    let transaction = Transaction { consumed_event: None, statements, events: vec![event] };
    context.bridge().transact(transaction).await?;
    Ok(())
}

/// Writes what belongs to a request that changed nothing, such as the answer to remember, while the video is as it was read.
pub(crate) async fn write_beside(
    context: &Context,
    video: &Video,
    also: impl IntoIterator<Item = GuardedStatement>,
) -> Result<(), WriteError> {
    let mut statements = vec![as_read(video)];
    statements.extend(also);
    if statements.len() > 1 {
        context.bridge().transact(Transaction::of(statements)).await?;
    }
    Ok(())
}

/// The statement that holds a video as it was read, until the transaction ends.
pub(crate) fn as_read(video: &Video) -> GuardedStatement {
    sql("SELECT FROM videos WHERE id = $1 AND version = $2 FOR SHARE")
        .bind(video.origin.id.uuid())
        .bind(video.version)
        .expecting(1)
}

/// The statement that writes a changed video over the version before it, and over no other.
pub fn update(change: &Change) -> GuardedStatement {
    let (parameters, _) = parameters();
    let text =
        format!("UPDATE videos SET ({COLUMNS}) = ROW ({parameters}) WHERE id = $1 AND version = $6 - 1");
    bind(sql(&text), &change.video).expecting(1)
}

/// The statement that writes a new video, if no outcome of the pipeline waits for it, and no later word of a draft than the
/// one of that time, which it is made with.
pub fn insert(video: &Video, drafted_at: Option<Timestamp>) -> GuardedStatement {
    let (parameters, drafted_at_parameter) = parameters();
    let text = format!(
        "INSERT INTO videos ({COLUMNS}) SELECT {parameters} \
         WHERE NOT EXISTS (SELECT FROM early_outcomes WHERE video_id = $1) \
             AND NOT EXISTS (SELECT FROM drafts WHERE video_id = $1 AND submitted_at > coalesce({drafted_at_parameter}, '-infinity')) \
         ON CONFLICT ON CONSTRAINT videos_pkey DO NOTHING"
    );
    bind(sql(&text), video).bind(drafted_at).expecting(1)
}

/// All videos that a statement selects.
pub(crate) async fn all(context: &Context, statement: Sql) -> Result<Vec<Video>, ReadError> {
    Ok(Rows::new("videos", context.bridge().query(statement.into()).await?).map(read)?)
}

async fn first(context: &Context, statement: Sql) -> Result<Option<Video>, ReadError> {
    Ok(Rows::new("videos", context.bridge().query(statement.into()).await?).first(read)?)
}
