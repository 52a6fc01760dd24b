//! A video as a row, and back.

use content_domain::{
    Category, CustomFields, Decision, Deletion, Description, Details, Embedding, FailureCode, Language,
    Licence, Media, MinimumAge, Origin, PageOrigin, PasswordsVersion, PlanLevel, Region, Regions, State,
    StateName, Tag, Tags, Title, Video, Visibility, VisibilityName, Withheld,
};
use jiff::Timestamp;
use mcsp_bridge_api::sql::{Inconsistency, Json, Row, Sql};
use mcsp_ids::{UploadId, UserId, VideoId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The columns, in the order of [`bind`] and [`read`].
pub(crate) const COLUMNS: &str = "id, owner_id, upload_id, region, asks_for_protection, version, state, visibility, title, \
     description, tags, category, language, minimum_age, licence, made_for_kids, custom_fields, media, failure_code, \
     first_published_at, created_at, updated_at, minimum_plan_level, publish_at, passwords_version, held_state, \
     decision_version, decided_to_block, withheld_by_account, deleted_at, purged, regions_allow, regions_deny, tracks, \
     collaborators, embedding_origins, embedding, thumbnails";

/// The parameters that [`bind`] gives, in their order, and the one behind them.
pub(crate) fn parameters() -> (String, String) {
    let columns = COLUMNS.split(',').count();
    let all: Vec<_> = (1..=columns).map(|place| format!("${place}")).collect();
    (all.join(", "), format!("${}", columns + 1))
}

/// Gives all columns as parameters.
pub(crate) fn bind(sql: Sql, video: &Video) -> Sql {
    let Video {
        origin, version, state, withheld, deletion, visibility, regions, publish_at, details, ..
    } = video;
    let held_state = (video.shown_state() != state.name()).then(|| state.name().as_str());
    let media = state.media().map(|media| serde_json::json!(media));
    sql.bind(origin.id.uuid())
        .bind(origin.owner.uuid())
        .bind(origin.upload.map(|upload| upload.uuid()))
        .bind(origin.region.as_str())
        .bind(origin.asks_for_protection)
        .bind(*version)
        .bind(video.shown_state().as_str())
        .bind(visibility.name().as_str())
        .bind(details.title.as_ref().map(Title::as_str))
        .bind(details.description.as_str())
        .bind(details.tags.iter().map(str::to_owned).collect::<Vec<_>>())
        .bind(details.category.as_ref().map(Category::as_str))
        .bind(details.language.as_ref().map(Language::as_str))
        .bind(details.minimum_age.map(MinimumAge::get))
        .bind(details.licence.map(Licence::as_str))
        .bind(details.made_for_kids)
        .bind(serde_json::json!(details.custom_fields.as_map()))
        .bind(media)
        .bind(state.failure().map(FailureCode::as_str))
        .bind(state.first_published_at())
        .bind(video.created_at)
        .bind(video.updated_at)
        .bind(visibility.plan_level().map(PlanLevel::get))
        .bind(*publish_at)
        .bind(visibility.passwords().map(|PasswordsVersion(version)| version))
        .bind(held_state)
        .bind(withheld.decision.map(|decision| decision.version))
        .bind(withheld.decision.map(|decision| decision.blocked))
        .bind(withheld.by_account)
        .bind(deletion.map(|deletion| deletion.at))
        .bind(video.is_purged())
        .bind(names(&regions.allow))
        .bind(names(&regions.deny))
        .bind(serde_json::json!(video.tracks))
        .bind(serde_json::json!(video.collaborators))
        .bind(video.embedding.origins().iter().map(PageOrigin::to_string).collect::<Vec<_>>())
        .bind(video.embedding.as_str())
        .bind(serde_json::json!(video.thumbnails))
}

/// Takes all columns of a row.
pub(crate) fn read(row: &mut Row<'_>) -> Result<Video, Inconsistency> {
    let origin = Origin {
        id: VideoId::from_uuid(row.take("id")?),
        owner: UserId::from_uuid(row.take::<Uuid>("owner_id")?),
        upload: row.take::<Option<Uuid>>("upload_id")?.map(UploadId::from_uuid),
        region: row.take("region")?,
        asks_for_protection: row.take("asks_for_protection")?,
    };
    let version = row.take("version")?;
    let shown = row.parse("state", |name: String| StateName::from_name(&name))?;
    let named = row.parse("visibility", |name: String| VisibilityName::from_name(&name))?;
    let details = Details {
        title: row.parse("title", |text| optional(text, |text: String| Title::parse(&text).ok()))?,
        description: row.parse("description", |text: String| Description::parse(&text).ok())?,
        tags: row.parse("tags", tags)?,
        category: row.parse("category", |text| optional(text, |text: String| Category::parse(&text).ok()))?,
        language: row.parse("language", |text| optional(text, |text: String| Language::parse(&text).ok()))?,
        minimum_age: row
            .parse("minimum_age", |years| optional(years, |years| MinimumAge::new(years).ok()))?,
        licence: row.parse("licence", |name| optional(name, |name: String| Licence::from_name(&name)))?,
        made_for_kids: row.take("made_for_kids")?,
        custom_fields: row.parse("custom_fields", fields)?,
    };
    let media: Option<Json<Media>> = row.take("media")?;
    let failure =
        row.parse("failure_code", |text| optional(text, |text: String| FailureCode::try_from(text).ok()))?;
    let first_published_at = row.take("first_published_at")?;
    let (created_at, updated_at) = (row.take("created_at")?, row.take("updated_at")?);
    let (level, publish_at) = (row.take("minimum_plan_level")?, row.take("publish_at")?);
    let visibility = row.parse("passwords_version", |passwords| visibility(named, level, passwords))?;
    let media = media.map(|Json(media)| media);
    let state = row.parse("held_state", |held: Option<String>| {
        let held = held.map_or(Some(shown), |held| StateName::from_name(&held))?;
        state(held, media, failure, first_published_at)
    })?;
    let (version_of_decision, blocked): (Option<i64>, Option<bool>) =
        (row.take("decision_version")?, row.take("decided_to_block")?);
    let decision = version_of_decision.zip(blocked);
    let decision = decision.map(|(version, blocked)| Decision { version, blocked });
    let withheld = Withheld { decision, by_account: row.take("withheld_by_account")? };
    let (deleted_at, is_purged): (Option<Timestamp>, bool) = (row.take("deleted_at")?, row.take("purged")?);
    let deletion = deleted_at.map(|at| Deletion { at, is_purged });
    let regions =
        Regions { allow: row.parse("regions_allow", regions)?, deny: row.parse("regions_deny", regions)? };
    let Json(tracks) = row.take("tracks")?;
    let Json(collaborators) = row.take("collaborators")?;
    let origins = row.parse("embedding_origins", origins)?;
    let embedding = row.parse("embedding", |name: String| Embedding::from_name(&name, origins))?;
    let Json(thumbnails) = row.take("thumbnails")?;
    Ok(Video {
        origin,
        version,
        state,
        withheld,
        deletion,
        visibility,
        regions,
        publish_at,
        details,
        tracks,
        collaborators,
        thumbnails,
        created_at,
        updated_at,
        embedding,
    })
}

fn state(
    name: StateName,
    media: Option<Media>,
    failure: Option<FailureCode>,
    first_published_at: Option<Timestamp>,
) -> Option<State> {
    Some(match name {
        StateName::Draft => State::Draft,
        StateName::Processing => State::Processing,
        StateName::Ready => State::Ready(media?),
        StateName::Published => State::Published { media: media?, first_published_at: first_published_at? },
        StateName::Unpublished => {
            State::Unpublished { media: media?, first_published_at: first_published_at? }
        }
        StateName::Failed => State::Failed(failure?),
        // It has another one beneath.
        StateName::Blocked | StateName::Deleted => return None,
    })
}

fn visibility(name: VisibilityName, level: Option<u32>, passwords: Option<i64>) -> Option<Visibility> {
    Some(match name {
        VisibilityName::Public => Visibility::Public,
        VisibilityName::Unlisted => Visibility::Unlisted,
        VisibilityName::Private => Visibility::Private,
        VisibilityName::Subscribers => Visibility::Subscribers(PlanLevel::new(level?).ok()?),
        VisibilityName::Password => Visibility::Password(PasswordsVersion(passwords?)),
    })
}

/// A null is fine; what does not parse is not.
fn optional<S, T>(value: Option<S>, parse: impl FnOnce(S) -> Option<T>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| parse(value).map(Some))
}

fn fields(Json(given): Json<BTreeMap<String, String>>) -> Option<CustomFields> {
    let mut fields = CustomFields::default();
    given.iter().try_for_each(|(key, value)| fields.set(key, value)).ok()?;
    Some(fields)
}

fn names(regions: &[Region]) -> Vec<String> {
    regions.iter().map(Region::to_string).collect()
}

fn regions(names: Vec<String>) -> Option<Vec<Region>> {
    names.iter().map(|name| Region::parse(name).ok()).collect()
}

fn origins(texts: Vec<String>) -> Option<Vec<PageOrigin>> {
    texts.iter().map(|text| PageOrigin::parse(text).ok()).collect()
}

fn tags(texts: Vec<String>) -> Option<Tags> {
    let tags = texts.iter().map(|text| Tag::parse(text).ok()).collect::<Option<Vec<_>>>()?;
    Tags::new(tags).ok()
}
