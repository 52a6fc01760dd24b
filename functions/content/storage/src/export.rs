//! All that there is of an owner's videos, for the owner to take along.

use crate::ReadError;
use crate::row::{COLUMNS, read};
use crate::tracks::{ChapterRow, read_chapters};
use content_domain::{Chapters, Video};
use mcsp_bridge_api::postgres::Value;
use mcsp_bridge_api::sql::{Json, Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};

/// A video with its chapters, both of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The video.
    pub video: Video,
    /// May be none.
    pub chapters: Chapters,
}

/// So many of an owner's videos, newest first, from this one on: those that are deleted too, for as long as they can be had back.
pub async fn to_take_along(
    context: &Context,
    owner: UserId,
    from: Option<VideoId>,
    count: i64,
) -> Result<Vec<Whole>, ReadError> {
    let mut text = format!(
        "SELECT {COLUMNS}, (SELECT chapters FROM chapters WHERE video_id = videos.id) AS chapters FROM videos \
         WHERE owner_id = $1 AND NOT purged"
    );
    let mut values: Vec<Value> = vec![owner.uuid().into(), count.into()];
    if let Some(from) = from {
        values.push(from.uuid().into());
        text.push_str(" AND id <= $3");
    }
    text.push_str(" ORDER BY id DESC LIMIT $2");
    let statement = values.into_iter().fold(sql(&text), Sql::bind);
    let rows = Rows::new("videos", context.bridge().query(statement.into()).await?);
    Ok(rows.map(|row| {
        let video = read(row)?;
        let chapters = row.parse("chapters", |rows: Option<Json<Vec<ChapterRow>>>| match rows {
            None => Some(Chapters::default()),
            Some(Json(rows)) => read_chapters(&rows),
        })?;
        Ok(Whole { video, chapters })
    })?)
}
