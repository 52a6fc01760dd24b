//! The read model of videos in Postgres.

use crate::StoreError;
use crate::decisions_postgres::Decisions;
use crate::model::{
    Media, Protection, Version, Video, embedding_of, level, passwords_version, scheduled_at, state_of,
    visibility_of,
};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Inconsistency, Json, Row, Rows, Sql, sql};
use mcsp_ids::{UserId, VideoId};
use playback_domain::{Decision, Origin, Region, Regions};
use serde_json::value::RawValue;

const DECISIONS: Decisions = Decisions { table: "video_decisions", id: "video_id", denies: "is_blocked" };

/// What Postgres knows of a video.
#[derive(Clone, Debug)]
pub enum Known {
    /// What Content has told, with what Admin has decided.
    Told(Box<Version>),
    /// A decision of Admin's, and nothing of Content's yet.
    Decided(Decision),
}

/// The statement that keeps a version as Content announced it, unless the same or a later one is known. One that was read here is
/// none of Content's: its number may count a decision, too.
pub fn upsert(id: VideoId, version: &Version) -> GuardedStatement {
    let Version { number, video } = version;
    let names = |regions: &[Region]| regions.iter().map(Region::to_string).collect::<Vec<_>>();
    let media = video.state.media();
    sql("INSERT INTO videos AS v (id, version, owner_id, state, visibility, regions_allow, regions_deny, \
             packaged_prefix, packaged_hls, duration_ms, renditions, minimum_plan_level, scheduled_at, minimum_age, \
             packaged_dash, protection, passwords_version, collaborators, embedding, embedding_origins, \
             caption_languages, packaged_hls_steered) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, owner_id = excluded.owner_id, \
             state = excluded.state, visibility = excluded.visibility, \
             regions_allow = excluded.regions_allow, regions_deny = excluded.regions_deny, \
             packaged_prefix = excluded.packaged_prefix, packaged_hls = excluded.packaged_hls, \
             packaged_dash = excluded.packaged_dash, packaged_hls_steered = excluded.packaged_hls_steered, \
             protection = excluded.protection, \
             duration_ms = excluded.duration_ms, renditions = excluded.renditions, \
             minimum_plan_level = excluded.minimum_plan_level, scheduled_at = excluded.scheduled_at, \
             minimum_age = excluded.minimum_age, passwords_version = excluded.passwords_version, \
             collaborators = excluded.collaborators, embedding = excluded.embedding, \
             embedding_origins = excluded.embedding_origins, caption_languages = excluded.caption_languages \
         WHERE v.version < excluded.version")
    .bind(id.uuid())
    .bind(i64::try_from(*number).unwrap_or(i64::MAX))
    .bind(video.owner.uuid())
    .bind(video.state.as_str())
    .bind(video.visibility.as_str())
    .bind(names(&video.regions.allow))
    .bind(names(&video.regions.deny))
    .bind(media.map(|media| media.prefix.as_str()))
    .bind(media.map(|media| media.hls.as_str()))
    .bind(media.map(|media| i64::try_from(media.duration_ms).unwrap_or(i64::MAX)))
    .bind(mcsp_bridge_api::postgres::Value::Json(media.map(|media| media.renditions.get().to_owned())))
    .bind(level(video.visibility))
    .bind(scheduled_at(&video.state))
    .bind(video.minimum_age.map(u32::from))
    .bind(media.and_then(|media| media.dash.as_deref()))
    .bind(media.and_then(|media| media.protection.as_ref()).map(|protection| serde_json::json!(protection)))
    .bind(passwords_version(video.visibility).map(|version| i64::try_from(version).unwrap_or(i64::MAX)))
    .bind(serde_json::json!(video.collaborators))
    .bind(video.embedding.as_str())
    .bind(video.embedding.origins().iter().map(Origin::to_string).collect::<Vec<_>>())
    .bind(media.map(|media| media.captions.clone()).unwrap_or_default())
    .bind(media.and_then(|media| media.hls_steered.as_deref()))
    .unguarded()
}

/// The statement that keeps what Admin has decided on a video, unless the same decision or a later one is known.
pub fn upsert_decision(id: VideoId, decision: Decision) -> GuardedStatement {
    DECISIONS.upsert(id.uuid(), decision)
}

/// What Postgres knows of a video, where it does.
pub async fn find(bridge: &dyn Bridge, id: VideoId) -> Result<Option<Known>, StoreError> {
    Ok(Rows::new("videos", bridge.query(of_video(id).into()).await?).first(known)?.flatten())
}

/// The same for whoever can do without: a Postgres that is not well is not waited for any longer.
pub(crate) async fn try_find(
    bridge: &dyn Bridge,
    patience_ms: u32,
    id: VideoId,
) -> Result<Option<Known>, StoreError> {
    let rows = bridge.try_query(of_video(id).into(), patience_ms).await?;
    Ok(Rows::new("videos", rows).first(known)?.flatten())
}

fn of_video(id: VideoId) -> Sql {
    sql(
        "SELECT v.id IS NOT NULL AS is_told, d.version AS decision_version, d.is_blocked, \
             packaged_prefix, packaged_hls, packaged_dash, packaged_hls_steered, protection, caption_languages, \
             duration_ms, renditions, scheduled_at, state, v.version, owner_id, minimum_plan_level, passwords_version, visibility, regions_allow, regions_deny, \
             minimum_age, collaborators, embedding_origins, embedding \
         FROM (SELECT $1::uuid AS id) AS asked \
             LEFT JOIN videos v ON v.id = asked.id LEFT JOIN video_decisions d ON d.video_id = asked.id \
         WHERE v.id IS NOT NULL OR d.video_id IS NOT NULL",
    )
    .bind(id.uuid())
}

fn known(row: &mut Row<'_>) -> Result<Option<Known>, Inconsistency> {
    let is_told: bool = row.take("is_told")?;
    let decision = DECISIONS.read(row)?;
    if is_told {
        return Ok(Some(Known::Told(Box::new(read(row)?.decided(decision)))));
    }
    Ok(decision.map(Known::Decided))
}

/// What Content has told.
fn read(row: &mut Row<'_>) -> Result<Version, Inconsistency> {
    let prefix: Option<String> = row.take("packaged_prefix")?;
    let hls: Option<String> = row.take("packaged_hls")?;
    let dash: Option<String> = row.take("packaged_dash")?;
    let hls_steered: Option<String> = row.take("packaged_hls_steered")?;
    let protection: Option<Json<Protection>> = row.take("protection")?;
    let protection = protection.map(|Json(protection)| protection);
    let captions: Vec<String> = row.take("caption_languages")?;
    let duration_ms: Option<u64> = row.take("duration_ms")?;
    let renditions: Option<Json<Box<RawValue>>> = row.take("renditions")?;
    let media = || {
        let Json(renditions) = renditions?;
        let (prefix, hls, duration_ms) = (prefix?, hls?, duration_ms?);
        Some(Media { prefix, hls, dash, hls_steered, protection, captions, duration_ms, renditions })
    };
    let scheduled_at = row.take("scheduled_at")?;
    let state = row.parse("state", |name: String| state_of(&name, scheduled_at, media()))?;
    let number = row.take("version")?;
    let owner = UserId::from_uuid(row.take("owner_id")?);
    let (level, passwords) = (row.take("minimum_plan_level")?, row.take("passwords_version")?);
    let visibility = row.parse("visibility", |name: String| visibility_of(&name, level, passwords))?;
    let regions =
        Regions { allow: row.parse("regions_allow", regions)?, deny: row.parse("regions_deny", regions)? };
    let minimum_age =
        row.parse("minimum_age", |years: Option<u32>| years.map(u8::try_from).transpose().ok())?;
    let Json(collaborators) = row.take("collaborators")?;
    let origins: Vec<String> = row.take("embedding_origins")?;
    let embedding = row.parse("embedding", |name: String| embedding_of(Some(&name), &origins))?;
    Ok(Version {
        number,
        video: Video { owner, state, visibility, regions, minimum_age, collaborators, embedding },
    })
}

fn regions(names: Vec<String>) -> Option<Vec<Region>> {
    names.iter().map(|name| Region::parse(name).ok()).collect()
}
