//! Who may see a video: the one place where that is decided.

use crate::{State, Video};
use mcsp_ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom the owner means a published video for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone, who may also find it.
    Public,
    /// Everyone who has the link.
    Unlisted,
    /// The owner.
    Private,
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody who has not signed in.
    Anyone,
    /// An account.
    User(UserId),
    /// Another service of the platform, which decides for itself what to show to whom.
    Service,
}

/// How the viewer comes to the video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its id.
    Link,
    /// By a search, or another list that was not made for this viewer.
    Search,
}

/// Why a video is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hidden {
    /// It is not published.
    #[error("the video is not published")]
    NotPublished,
    /// It is the owner's alone.
    #[error("the video is private")]
    Private,
    /// It is shown only to those who have the link.
    #[error("the video is unlisted")]
    Unlisted,
}

impl Visibility {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Unlisted => "unlisted",
            Visibility::Private => "private",
        }
    }

    /// The visibility of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        use Visibility::*;
        [Public, Unlisted, Private].into_iter().find(|visibility| visibility.as_str() == name)
    }
}

/// Whether the viewer may see the video. Search repeats this in SQL, and a test compares the two.
pub fn decide(video: &Video, viewer: Viewer, way: Way) -> Result<(), Hidden> {
    match (viewer, way) {
        (Viewer::Service, Way::Link) => return Ok(()),
        (Viewer::User(user), Way::Link) if user == video.origin.owner => return Ok(()),
        (Viewer::Anyone | Viewer::User(_) | Viewer::Service, Way::Link | Way::Search) => {}
    }
    match (&video.state, video.visibility, way) {
        (State::Processing | State::Ready(_) | State::Unpublished { .. } | State::Failed(_), _, _) => {
            Err(Hidden::NotPublished)
        }
        (State::Published { .. }, Visibility::Private, _) => Err(Hidden::Private),
        (State::Published { .. }, Visibility::Unlisted, Way::Search) => Err(Hidden::Unlisted),
        (State::Published { .. }, Visibility::Unlisted, Way::Link)
        | (State::Published { .. }, Visibility::Public, _) => Ok(()),
    }
}
