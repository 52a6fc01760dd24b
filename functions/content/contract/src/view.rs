//! A video as users see it.

use crate::{Embedding, Regions};
use content_domain::{
    Category, FailureCode, Language, Licence, MinimumAge, PlanLevel, Rendition, StateName, Title, Video,
    VisibilityName,
};
use jiff::Timestamp;
use mcsp_ids::{UserId, VideoId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A video, without where its files are: those are had only by a playback session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Video")]
pub struct VideoView {
    /// Which video.
    pub id: VideoId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Where it is on its way.
    pub state: StateName,
    /// Who sees it while it is published.
    pub visibility: VisibilityName,
    /// The level of the plan that one must have to play it, where it is for subscribers.
    #[schemars(example = 2)]
    pub minimum_plan_level: Option<u32>,
    /// The age that one must have reached to play it, where its owner says so.
    #[schemars(extend("enum" = [12, 16, 18, null]), example = 16)]
    pub minimum_age: Option<u32>,
    /// Where it is shown and may be played.
    pub regions: Regions,
    /// Null until the owner gave one.
    #[schemars(example = &"A walk in the hills")]
    pub title: Option<String>,
    /// May be empty.
    #[schemars(example = &"An hour in the rain.")]
    pub description: String,
    /// In lowercase.
    #[schemars(example = ["hiking"])]
    pub tags: Vec<String>,
    /// A slug.
    #[schemars(example = &"travel")]
    pub category: Option<String>,
    /// BCP 47.
    #[schemars(example = &"en-GB")]
    pub language: Option<String>,
    /// On what terms it may be used, where its owner says so.
    pub licence: Option<Licence>,
    /// Whether it is for children, where its owner says so.
    #[schemars(example = false)]
    pub made_for_kids: Option<bool>,
    /// Whatever else its owner says, by slugs.
    #[schemars(example = BTreeMap::from([("camera", "a phone")]))]
    pub custom_fields: BTreeMap<String, String>,
    /// Languages in which there are captions, BCP 47.
    #[schemars(example = ["en"])]
    pub caption_languages: Vec<String>,
    /// Whether there are chapters.
    pub has_chapters: bool,
    /// Once there is something to play.
    #[schemars(example = 3_600_000)]
    pub duration_ms: Option<u64>,
    /// Empty until there is something to play.
    pub renditions: Vec<Rendition>,
    /// Why processing failed, where it did.
    #[schemars(example = &"unsupported_codec")]
    pub failure_code: Option<String>,
    /// When it is to be published by itself, where its owner said so.
    pub scheduled_at: Option<Timestamp>,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// When its owner deleted it, where that is so.
    pub deleted_at: Option<Timestamp>,
    /// Until when a deleted video can be had back.
    pub purge_at: Option<Timestamp>,
    /// When its upload was complete, or its owner began it without one.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// As in the ETag.
    #[schemars(example = 7)]
    pub version: i64,
    /// Which pages may embed it, for its owner; null for others.
    pub embedding: Option<Embedding>,
}

impl VideoView {
    /// As it is shown to somebody, where it is anybody known.
    #[must_use]
    pub fn shown_to(self, viewer: Option<UserId>) -> Self {
        if viewer == Some(self.owner_id) { self } else { self.for_others() }
    }

    /// As others than its owner see it, those who work on it too: where it is embedded may tell of pages that are not public.
    #[must_use]
    pub fn for_others(self) -> Self {
        VideoView { embedding: None, ..self }
    }
}

impl From<&Video> for VideoView {
    fn from(video: &Video) -> Self {
        let Video {
            origin, version, state, deletion, visibility, regions, publish_at, details, tracks, ..
        } = video;
        let media = state.media();
        VideoView {
            id: origin.id,
            owner_id: origin.owner,
            state: video.shown_state(),
            visibility: visibility.name(),
            minimum_plan_level: visibility.plan_level().map(PlanLevel::get),
            minimum_age: details.minimum_age.map(MinimumAge::get),
            regions: Regions::from(regions),
            title: details.title.as_ref().map(Title::as_str).map(str::to_owned),
            description: details.description.as_str().to_owned(),
            tags: details.tags.iter().map(str::to_owned).collect(),
            category: details.category.as_ref().map(Category::as_str).map(str::to_owned),
            language: details.language.as_ref().map(Language::as_str).map(str::to_owned),
            licence: details.licence,
            made_for_kids: details.made_for_kids,
            custom_fields: details.custom_fields.as_map().clone(),
            caption_languages: tracks.captions.keys().map(Language::as_str).map(str::to_owned).collect(),
            has_chapters: tracks.chapters.is_some(),
            duration_ms: media.map(|media| media.duration_ms),
            renditions: media.map(|media| media.renditions.clone()).unwrap_or_default(),
            failure_code: state.failure().map(FailureCode::as_str).map(str::to_owned),
            scheduled_at: *publish_at,
            published_at: state.first_published_at(),
            deleted_at: deletion.map(|deletion| deletion.at),
            purge_at: deletion.map(|deletion| deletion.purge_at()),
            created_at: video.created_at,
            updated_at: video.updated_at,
            version: *version,
            embedding: Some(Embedding::from(&video.embedding)),
        }
    }
}
