//! What an owner says of a video before it is there.

use crate::{Details, Edit, Happened, Licence, Outcome, State, Video, Visibility};
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
}

/// Whom a draft can mean a video for: what needs no more than its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftVisibility {
    /// Everyone, who may also find it.
    Public,
    /// Everyone who has the link.
    Unlisted,
    /// The owner.
    Private,
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
}

impl From<DraftVisibility> for Visibility {
    fn from(visibility: DraftVisibility) -> Self {
        match visibility {
            DraftVisibility::Public => Visibility::Public,
            DraftVisibility::Unlisted => Visibility::Unlisted,
            DraftVisibility::Private => Visibility::Private,
        }
    }
}

impl Video {
    /// Takes what its owner said of it in a draft. A video that is published, or never will be, is not planned any more.
    pub fn take_draft(self, drafted: Drafted, now: Timestamp) -> Outcome {
        if self.is_purged() {
            return Outcome::Unchanged(self);
        }
        let Drafted { edit, visibility, publish_at } = drafted;
        let publish_at = match &self.state {
            State::Processing | State::Ready(_) | State::Unpublished { .. } => publish_at.or(self.publish_at),
            State::Published { .. } | State::Failed(_) => self.publish_at,
        };
        let visibility = visibility.unwrap_or(self.visibility);
        let details: Details = self.details.clone().with(edit);
        if details == self.details && visibility == self.visibility && publish_at == self.publish_at {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { details, visibility, publish_at, ..self }.changed(state, Happened::Edited, now)
    }
}
