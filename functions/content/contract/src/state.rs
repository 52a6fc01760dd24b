//! A video as the other services know it.

use crate::Embedding;
use content_domain::{
    Category, ImageType, Language, Licence, MinimumAge, Packaged, PasswordsVersion, PlanLevel, Protection,
    Region, Rendition, StateName, Title, Video, VisibilityName,
};
use jiff::Timestamp;
use mcsp_ids::{ThumbnailId, UserId, VideoId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole state: data of `media.published` and `media.changed`, and answer of `GET /v1/catalog/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogVideo")]
pub struct VideoState {
    /// Which video.
    pub video_id: VideoId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Grows by 1 with each change: what has a lower one is older.
    #[schemars(example = 7)]
    pub version: i64,
    /// Where it is on its way.
    pub state: StateName,
    /// Who may see it while it is published.
    pub visibility: VisibilityName,
    /// The level of the plan that one must have to play it, where it is for subscribers.
    #[schemars(example = 2)]
    pub minimum_plan_level: Option<u32>,
    /// Which passwords open it, where one is asked for: what was proved of others proves nothing.
    #[serde(default)]
    #[schemars(example = 7)]
    pub passwords_version: Option<i64>,
    /// The age that one must have reached to play it, where its owner says so.
    #[schemars(extend("enum" = [12, 16, 18, null]), example = 16)]
    pub minimum_age: Option<u32>,
    /// Null until the owner gave one.
    #[schemars(example = &"A walk in the hills")]
    pub title: Option<String>,
    /// May be empty.
    #[schemars(example = &"An hour in the rain.")]
    pub description: String,
    /// In lowercase.
    #[schemars(example = ["hiking"])]
    pub tags: Vec<String>,
    /// BCP 47.
    #[schemars(example = &"en-GB")]
    pub language: Option<String>,
    /// A slug.
    #[schemars(example = &"travel")]
    pub category: Option<String>,
    /// On what terms it may be used, where its owner says so.
    #[serde(default)]
    pub licence: Option<Licence>,
    /// Whether it is for children, where its owner says so.
    #[serde(default)]
    pub made_for_kids: Option<bool>,
    /// Whatever else its owner says, by slugs.
    #[serde(default)]
    #[schemars(example = BTreeMap::from([("camera", "a phone")]))]
    pub custom_fields: BTreeMap<String, String>,
    /// Languages in which there are captions, BCP 47.
    #[serde(default)]
    #[schemars(example = ["en"])]
    pub caption_languages: Vec<String>,
    /// Whether there are chapters.
    #[serde(default)]
    pub has_chapters: bool,
    /// Where it is shown and may be played.
    pub regions: Regions,
    /// Once there is something to play.
    #[schemars(example = 3_600_000)]
    pub duration_ms: Option<u64>,
    /// Empty until there is something to play.
    pub renditions: Vec<Rendition>,
    /// Once there is something to play.
    pub packaged: Option<Packaged>,
    /// How it is encrypted, where it is.
    #[serde(default)]
    pub protection: Option<Protection>,
    /// When it is to be published by itself, where its owner said so.
    pub scheduled_at: Option<Timestamp>,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// Since when it is deleted, where it is.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    /// From when on nothing of it is left, while it can be had back.
    #[serde(default)]
    pub purge_at: Option<Timestamp>,
    /// Who works on it beside its owner, in any role: they see it as its owner does, and may play it where it is private or asks for
    /// a password.
    #[serde(default)]
    pub collaborators: Vec<UserId>,
    /// Which pages may embed it.
    #[serde(default)]
    pub embedding: Embedding,
    /// The image that stands for it, where there is one.
    #[serde(default)]
    pub thumbnail: Option<Thumbnail>,
}

/// An image of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogThumbnail")]
pub struct Thumbnail {
    /// Which.
    pub id: ThumbnailId,
    /// Where it is in the object store: in the bucket of the video's region, which gives it to nobody without a signature.
    #[schemars(example = &"thumbnails/video_01kb5t4v00e8ptxz3kd07gq2sn/upload_01kb5t4v00e8ptxz3kd07gq2sn/1.jpg")]
    pub key: String,
    /// Its media type.
    pub content_type: ImageType,
    /// Pixels.
    #[schemars(example = 640)]
    pub width: u32,
    /// Pixels.
    #[schemars(example = 360)]
    pub height: u32,
}

impl From<&content_domain::Thumbnail> for Thumbnail {
    fn from(thumbnail: &content_domain::Thumbnail) -> Self {
        let content_domain::Thumbnail { id, key, content_type, width, height, .. } = thumbnail.clone();
        Thumbnail { id, key, content_type, width, height }
    }
}

/// Regions by code, in order. Both empty: everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Regions {
    /// Only there, unless empty.
    #[schemars(example = ["eu"])]
    pub allow: Vec<String>,
    /// Not there.
    pub deny: Vec<String>,
}

impl From<&content_domain::Regions> for Regions {
    fn from(regions: &content_domain::Regions) -> Self {
        let names = |regions: &[Region]| regions.iter().map(Region::to_string).collect();
        Regions { allow: names(&regions.allow), deny: names(&regions.deny) }
    }
}

impl From<&Video> for VideoState {
    fn from(video: &Video) -> Self {
        let Video {
            origin, version, state, deletion, visibility, regions, publish_at, details, tracks, ..
        } = video;
        let media = state.media();
        VideoState {
            video_id: origin.id,
            owner_id: origin.owner,
            version: *version,
            state: video.shown_state(),
            visibility: visibility.name(),
            minimum_plan_level: visibility.plan_level().map(PlanLevel::get),
            passwords_version: visibility.passwords().map(|PasswordsVersion(version)| version),
            minimum_age: details.minimum_age.map(MinimumAge::get),
            title: details.title.as_ref().map(Title::as_str).map(str::to_owned),
            description: details.description.as_str().to_owned(),
            tags: details.tags.iter().map(str::to_owned).collect(),
            language: details.language.as_ref().map(Language::as_str).map(str::to_owned),
            category: details.category.as_ref().map(Category::as_str).map(str::to_owned),
            licence: details.licence,
            made_for_kids: details.made_for_kids,
            custom_fields: details.custom_fields.as_map().clone(),
            caption_languages: tracks.captions.keys().map(Language::as_str).map(str::to_owned).collect(),
            has_chapters: tracks.chapters.is_some(),
            regions: Regions::from(regions),
            duration_ms: media.map(|media| media.duration_ms),
            renditions: media.map(|media| media.renditions.clone()).unwrap_or_default(),
            packaged: media.map(|media| media.packaged.clone()),
            protection: media.and_then(|media| media.protection.clone()),
            scheduled_at: *publish_at,
            published_at: state.first_published_at(),
            deleted_at: deletion.map(|deletion| deletion.at),
            purge_at: deletion.filter(|deletion| !deletion.is_purged).map(|deletion| deletion.purge_at()),
            collaborators: video.collaborators.iter().map(|(user, _)| user).collect(),
            embedding: Embedding::from(&video.embedding),
            thumbnail: video.thumbnail().map(Thumbnail::from),
        }
    }
}
