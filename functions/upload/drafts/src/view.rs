//! A draft as its owner sees it.

use crate::written::WrittenRegions;
use content_contract::{Draft, DraftVisibility, Licence};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_etag::ETag;
use mcsp_idempotency::Answer;
use mcsp_ids::{DraftId, UploadId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use upload_storage::KeptDraft;

/// A draft.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Draft")]
pub(crate) struct DraftView {
    id: DraftId,
    /// As it was written, and so are all texts.
    #[schemars(example = &"A walk in the hills")]
    title: Option<String>,
    /// In lines.
    #[schemars(example = &"An hour in the rain.")]
    description: Option<String>,
    /// In the order that they were given in.
    #[schemars(example = ["hiking"])]
    tags: Option<Vec<String>>,
    /// A slug, when it is submitted.
    #[schemars(example = &"travel")]
    category: Option<String>,
    /// BCP 47, when it is submitted.
    #[schemars(example = &"en-GB")]
    language: Option<String>,
    /// On what terms others may use the video.
    licence: Option<Licence>,
    /// Whether it is for children.
    #[schemars(example = false)]
    made_for_kids: Option<bool>,
    /// Whatever else there is to say.
    #[schemars(example = BTreeMap::from([("camera", "a phone")]))]
    custom_fields: Option<BTreeMap<String, String>>,
    /// Who is to see the video once it is published.
    visibility: Option<DraftVisibility>,
    /// When the video is to be published by itself.
    publish_at: Option<Timestamp>,
    /// The upload whose video it is of.
    upload_id: Option<UploadId>,
    /// When it was submitted as it is; null where it has changed since, or never was.
    submitted_at: Option<Timestamp>,
    /// When it was begun.
    created_at: Timestamp,
    /// When it changed last.
    updated_at: Timestamp,
    /// As in the ETag.
    #[schemars(example = 7)]
    version: i64,
    /// The level of the plan that one must have to play the video, where it is meant for subscribers.
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
    /// Where the video is to be shown and played.
    regions: Option<WrittenRegions>,
}

impl From<&KeptDraft> for DraftView {
    fn from(kept: &KeptDraft) -> Self {
        let Draft { title, description, tags, category, language, custom_fields, regions, .. } =
            kept.draft.clone();
        DraftView {
            id: kept.id,
            title,
            description,
            tags,
            category,
            language,
            licence: kept.draft.licence,
            made_for_kids: kept.draft.made_for_kids,
            custom_fields,
            visibility: kept.draft.visibility,
            publish_at: kept.draft.publish_at,
            upload_id: kept.upload,
            submitted_at: kept.submitted_at,
            created_at: kept.created_at,
            updated_at: kept.updated_at,
            version: kept.version,
            minimum_plan_level: kept.draft.minimum_plan_level,
            regions: regions.map(WrittenRegions::from),
        }
    }
}

/// The draft, with its ETag.
pub(crate) fn answer(status: StatusCode, kept: &KeptDraft) -> Answer {
    Answer::json(status, &DraftView::from(kept)).with_header(header::ETAG, ETag(kept.version))
}
