//! What an owner says of a video before it is there.

use crate::{Details, Edit, Happened, Licence, Outcome, PlanLevel, Regions, State, Video, Visibility};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A draft, as it was written: nothing of it is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The title.
    #[serde(default)]
    pub title: Option<String>,
    /// The description.
    #[serde(default)]
    pub description: Option<String>,
    /// The tags.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// What it is filed under.
    #[serde(default)]
    pub category: Option<String>,
    /// What is spoken.
    #[serde(default)]
    pub language: Option<String>,
    /// On what terms it may be used.
    #[serde(default)]
    pub licence: Option<Licence>,
    /// Whether it is for children.
    #[serde(default)]
    pub made_for_kids: Option<bool>,
    /// Whatever else there is to say.
    #[serde(default)]
    pub custom_fields: Option<BTreeMap<String, String>>,
    /// Whom it is meant for.
    #[serde(default)]
    pub visibility: Option<DraftVisibility>,
    /// When it is to be published by itself.
    #[serde(default)]
    pub publish_at: Option<Timestamp>,
    /// The level of the plan that one must have to play it, where it is meant for subscribers.
    #[serde(default)]
    pub minimum_plan_level: Option<u32>,
    /// Where it is to be shown and played.
    #[serde(default)]
    pub regions: Option<DraftRegions>,
}

/// Where a draft means a video to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRegions {
    /// Only there, unless empty.
    pub allow: Vec<String>,
    /// Not there.
    pub deny: Vec<String>,
}

/// Whom a draft can mean a video for: what needs no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftVisibility {
    /// Everyone, who may also find it.
    Public,
    /// Everyone who has the link.
    Unlisted,
    /// The owner.
    Private,
    /// Everyone who has the link; it is played by subscribers.
    Subscribers,
}

/// A draft that was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drafted {
    /// What it says of the video. What is `None` stays.
    pub edit: Edit,
    /// Whom it means it for, where it says so.
    pub visibility: Option<Visibility>,
    /// When the video is to be published by itself, where it says so.
    pub publish_at: Option<Timestamp>,
    /// Where it is to be shown and played, where it says so.
    pub regions: Option<Regions>,
}

impl DraftVisibility {
    /// The visibility, which for subscribers asks for this level.
    pub const fn at_level(self, level: PlanLevel) -> Visibility {
        match self {
            DraftVisibility::Public => Visibility::Public,
            DraftVisibility::Unlisted => Visibility::Unlisted,
            DraftVisibility::Private => Visibility::Private,
            DraftVisibility::Subscribers => Visibility::Subscribers(level),
        }
    }
}

impl Video {
    /// Takes what its owner said of it in a draft. A video that is published, or never will be, is not planned any more.
    pub fn take_draft(self, drafted: Drafted, now: Timestamp) -> Outcome {
        if self.is_purged() {
            return Outcome::Unchanged(self);
        }
        let Drafted { edit, visibility, publish_at, regions } = drafted;
        let publish_at = match &self.state {
            State::Draft | State::Processing | State::Ready(_) | State::Unpublished { .. } => {
                publish_at.or(self.publish_at)
            }
            State::Published { .. } | State::Failed(_) => self.publish_at,
        };
        let visibility = visibility.unwrap_or(self.visibility);
        let details: Details = self.details.clone().with(edit);
        let regions = regions.unwrap_or_else(|| self.regions.clone());
        let is_meant_so = visibility == self.visibility && regions == self.regions;
        if details == self.details && is_meant_so && publish_at == self.publish_at {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { details, visibility, regions, publish_at, ..self }.changed(state, Happened::Edited, now)
    }
}
