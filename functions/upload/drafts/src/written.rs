//! What is written in a draft, as it is sent: whatever it says, it fits.

use content_contract::{Draft, DraftRegions, DraftVisibility, Licence};
use jiff::Timestamp;
use mcsp_function::Context;
use mcsp_ids::{UploadId, UserId};
use mcsp_paging::Packed;
use mcsp_problem::{Invalid, Problem, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use upload_storage::find;

/// How often it is looked at whose the upload of a draft is, where that was given away before the draft was written.
pub(crate) const ATTEMPTS_MAX: u32 = 8;
/// Bytes of all that a draft says, as JSON: more than what can be submitted has, and little enough for lists of drafts.
const DRAFT_MAX_BYTES: usize = 128 * 1024;
/// Bytes of one text: more than any text may have when it is submitted.
const TEXT_MAX_BYTES: usize = 32_768;
/// Tags: more than a video may have.
const TAGS_MAX: usize = 100;
/// Fields of one's own: more than a video may have.
const FIELDS_MAX: usize = 100;
/// Regions of one list: more than a video may have.
const REGIONS_MAX: usize = 500;

/// All that a draft says, in up to 128 KiB of JSON. What is left out or null it does not say. Whether a text will do is looked at
/// when it is submitted.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SaveDraftRequest")]
pub(crate) struct WrittenDraft {
    /// To be submitted, 1 to 100 characters on one line.
    #[serde(default)]
    #[schemars(example = &"A walk in the hills")]
    title: Option<String>,
    /// To be submitted, up to 5,000 characters, in lines.
    #[serde(default)]
    #[schemars(example = &"An hour in the rain.")]
    description: Option<String>,
    /// To be submitted, up to 30, each of 1 to 30 characters.
    #[serde(default)]
    #[schemars(example = ["hiking"])]
    tags: Option<Vec<String>>,
    /// To be submitted, a slug of up to 40 characters.
    #[serde(default)]
    #[schemars(example = &"travel")]
    category: Option<String>,
    /// What is spoken: to be submitted, a BCP 47 tag of language, script and region.
    #[serde(default)]
    #[schemars(example = &"en-GB")]
    language: Option<String>,
    /// On what terms others may use the video.
    #[serde(default)]
    licence: Option<Licence>,
    /// Whether it is for children.
    #[serde(default)]
    #[schemars(example = false)]
    made_for_kids: Option<bool>,
    /// To be submitted, up to 20 fields by slugs of up to 40 characters, each of 1 to 200 on one line, of 16 KiB in all.
    #[serde(default)]
    #[schemars(example = BTreeMap::from([("camera", "a phone")]))]
    custom_fields: Option<BTreeMap<String, String>>,
    /// Who is to see the video once it is published.
    #[serde(default)]
    visibility: Option<DraftVisibility>,
    /// When the video is to be published by itself: to be submitted, ahead and within a year. A video that is still
    /// processed then is published when it is ready.
    #[serde(default)]
    publish_at: Option<Timestamp>,
    /// One's own upload, whose video the draft is of. An upload has one draft at most.
    #[serde(default)]
    upload_id: Option<UploadId>,
    /// The level of the plan that one must have to play the video: to be submitted, 1 to 100, and only with the visibility
    /// `subscribers`, where it is 1 by default.
    #[serde(default)]
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
    /// Where the video is to be shown and played; what was said elsewhere stays where it is left out.
    #[serde(default)]
    regions: Option<WrittenRegions>,
}

/// Where a draft means a video to be shown.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DraftRegions")]
pub(crate) struct WrittenRegions {
    /// Only there; everywhere where it is empty. To be submitted, up to 250, as access tokens name regions.
    #[schemars(example = ["eu"])]
    allow: Vec<String>,
    /// Not there. To be submitted, up to 250, none of them in `allow` too.
    #[schemars(example = ["us"])]
    deny: Vec<String>,
}

impl From<DraftRegions> for WrittenRegions {
    fn from(DraftRegions { allow, deny }: DraftRegions) -> Self {
        WrittenRegions { allow, deny }
    }
}

impl From<WrittenRegions> for DraftRegions {
    fn from(WrittenRegions { allow, deny }: WrittenRegions) -> Self {
        DraftRegions { allow, deny }
    }
}

impl WrittenDraft {
    /// What is to be kept of it: 422 where it is too much, or names an upload that is not the owner's.
    pub(crate) async fn check(
        self,
        context: &Context,
        owner: UserId,
    ) -> Result<(Draft, Option<UploadId>), Problem> {
        let WrittenDraft { title, description, tags, category, language, custom_fields, upload_id, .. } =
            self;
        let mut invalid = Invalid::default();
        for (pointer, text) in [
            ("/title", &title),
            ("/description", &description),
            ("/category", &category),
            ("/language", &language),
        ] {
            invalid.check(pointer, text.as_deref().map_or(Ok(()), fits));
        }
        let tags_given = tags.as_deref().unwrap_or_default();
        if tags_given.len() > TAGS_MAX {
            let reason = Reason::new("too_many", format!("must have at most {TAGS_MAX} entries"));
            invalid.check::<()>("/tags", Err(reason));
        }
        for (n, tag) in tags_given.iter().enumerate().take(TAGS_MAX) {
            invalid.check(&format!("/tags/{n}"), fits(tag));
        }
        let fields_given = custom_fields.iter().flatten();
        if fields_given.clone().count() > FIELDS_MAX {
            let reason = Reason::new("too_many", format!("must have at most {FIELDS_MAX} entries"));
            invalid.check::<()>("/custom_fields", Err(reason));
        }
        for text in fields_given.take(FIELDS_MAX).flat_map(|(key, value)| [key, value]) {
            invalid.check("/custom_fields", fits(text));
        }
        let regions = self.regions.map(DraftRegions::from);
        if let Some(regions) = &regions {
            check_regions(regions, &mut invalid);
        }
        let draft = Draft {
            title,
            description,
            tags,
            category,
            language,
            licence: self.licence,
            made_for_kids: self.made_for_kids,
            custom_fields,
            visibility: self.visibility,
            publish_at: self.publish_at,
            minimum_plan_level: self.minimum_plan_level,
            regions,
        };
        let draft = invalid.into_result(draft)?;
        if Packed::of(&draft).bytes() > DRAFT_MAX_BYTES {
            return Err(too_long());
        }
        if let Some(upload) = upload_id {
            let found = find(context, upload).await?.filter(|found| found.owner == owner);
            found.ok_or_else(unknown_upload)?;
        }
        Ok((draft, upload_id))
    }
}

fn check_regions(DraftRegions { allow, deny }: &DraftRegions, invalid: &mut Invalid) {
    for (pointer, list) in [("/regions/allow", allow), ("/regions/deny", deny)] {
        if list.len() > REGIONS_MAX {
            let reason = Reason::new("too_many", format!("must have at most {REGIONS_MAX} entries"));
            invalid.check::<()>(pointer, Err(reason));
        }
        for (n, region) in list.iter().enumerate().take(REGIONS_MAX) {
            invalid.check(&format!("{pointer}/{n}"), fits(region));
        }
    }
}

/// Postgres takes no NUL.
fn fits(text: &str) -> Result<(), Reason> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(Reason::new("too_long", format!("must have at most {TEXT_MAX_BYTES} bytes")));
    }
    if text.contains('\0') {
        return Err(Reason::new("control_character", "must not hold the character NUL"));
    }
    Ok(())
}

/// 422, of the draft as a whole.
fn too_long() -> Problem {
    let detail = format!("must have at most {DRAFT_MAX_BYTES} bytes, all that it says together, as JSON");
    Invalid::problem_at("", Reason::new("too_long", detail))
}

fn unknown_upload() -> Problem {
    Invalid::problem_at("/upload_id", Reason::new("unknown_upload", "must be one of your uploads"))
}
