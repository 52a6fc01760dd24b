//! The texts that go with videos: captions and chapters. The video's row says which there are.

use crate::ReadError;
use content_domain::{Captions, Chapters, Language};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Json, Rows, sql};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use serde::{Deserialize, Serialize};

/// A text, with the version of the video that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T> {
    /// The version.
    pub version: i64,
    /// The text.
    pub text: T,
}

/// A chapter as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct ChapterRow {
    start_ms: u64,
    title: String,
}

/// The captions of a video in a language, as a file of WebVTT.
pub async fn captions(
    context: &Context,
    id: VideoId,
    language: &Language,
) -> Result<Option<Kept<String>>, ReadError> {
    let statement = sql("SELECT version, webvtt FROM captions WHERE video_id = $1 AND language = $2")
        .bind(id.uuid())
        .bind(language.as_str());
    let rows = Rows::new("captions", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| Ok(Kept { version: row.take("version")?, text: row.take("webvtt")? }))?)
}

/// The statement that keeps captions in a language, in the place of others.
pub fn keep_captions(id: VideoId, language: &Language, kept: Kept<&Captions>) -> GuardedStatement {
    sql("INSERT INTO captions (video_id, language, version, webvtt) VALUES ($1, $2, $3, $4) \
         ON CONFLICT ON CONSTRAINT captions_pkey \
         DO UPDATE SET version = EXCLUDED.version, webvtt = EXCLUDED.webvtt")
    .bind(id.uuid())
    .bind(language.as_str())
    .bind(kept.version)
    .bind(kept.text.as_webvtt())
    .expecting(1)
}

/// The statement that forgets the captions in a language.
pub fn forget_captions(id: VideoId, language: &Language) -> GuardedStatement {
    sql("DELETE FROM captions WHERE video_id = $1 AND language = $2")
        .bind(id.uuid())
        .bind(language.as_str())
        .expecting(1)
}

/// The chapters of a video.
pub async fn chapters(context: &Context, id: VideoId) -> Result<Option<Kept<Chapters>>, ReadError> {
    let statement = sql("SELECT version, chapters FROM chapters WHERE video_id = $1").bind(id.uuid());
    let rows = Rows::new("chapters", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| {
        let version = row.take("version")?;
        Ok(Kept {
            version,
            text: row.parse("chapters", |Json(rows): Json<Vec<ChapterRow>>| read_chapters(&rows))?,
        })
    })?)
}

pub(crate) fn read_chapters(rows: &[ChapterRow]) -> Option<Chapters> {
    Chapters::parse(rows.iter().map(|row| (row.start_ms, row.title.as_str())), None).ok()
}

/// The statement that keeps chapters, in the place of others.
pub fn keep_chapters(id: VideoId, kept: Kept<&Chapters>) -> GuardedStatement {
    let chapters = kept.text.as_slice().iter();
    let rows: Vec<_> = chapters
        .map(|chapter| ChapterRow { start_ms: chapter.start_ms, title: chapter.title.as_str().to_owned() })
        .collect();
    sql("INSERT INTO chapters (video_id, version, chapters) VALUES ($1, $2, $3) \
         ON CONFLICT ON CONSTRAINT chapters_pkey \
         DO UPDATE SET version = EXCLUDED.version, chapters = EXCLUDED.chapters")
    .bind(id.uuid())
    .bind(kept.version)
    .bind(serde_json::json!(rows))
    .expecting(1)
}

/// The statement that forgets the chapters.
pub fn forget_chapters(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM chapters WHERE video_id = $1").bind(id.uuid()).unguarded()
}

/// The statements that forget all texts of a video.
pub fn forget_tracks(id: VideoId) -> [GuardedStatement; 2] {
    let captions = sql("DELETE FROM captions WHERE video_id = $1").bind(id.uuid()).unguarded();
    [captions, forget_chapters(id)]
}
