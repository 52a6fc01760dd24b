//! Who may see a video: the one place where that is decided.

use crate::{State, Video};
use mcsp_ids::UserId;
use mcsp_regions::Region;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom the owner means a published video for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone, who may also find it.
    Public,
    /// Everyone who has the link.
    Unlisted,
    /// The owner.
    Private,
    /// Everyone who has the link; it is played by those who have such a plan.
    Subscribers(PlanLevel),
    /// Everyone who has the link; it is played by those who know one of its passwords.
    Password(PasswordsVersion),
}

/// Which passwords a video has: the version of the video that they came with. What was proved of earlier ones proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordsVersion(pub i64);

/// A visibility without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Visibility")]
pub enum VisibilityName {
    /// Everyone, who may also find it.
    Public,
    /// Everyone who has the link.
    Unlisted,
    /// The owner.
    Private,
    /// Everyone who has the link; it is played by subscribers.
    Subscribers,
    /// Everyone who has the link; it is played by those who know a password.
    Password,
}

/// The level of the highest plan.
pub const PLAN_LEVEL_MAX: u32 = 100;

/// How much a plan has: what one of a lower level has, one of a higher level has too. 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanLevel(u32);

/// No plan has this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {PLAN_LEVEL_MAX}")]
pub struct InvalidPlanLevel;

impl PlanLevel {
    /// The lowest one: any plan will do.
    pub const LOWEST: PlanLevel = PlanLevel(1);

    /// Checks.
    pub fn new(level: u32) -> Result<Self, InvalidPlanLevel> {
        if (1..=PLAN_LEVEL_MAX).contains(&level) { Ok(PlanLevel(level)) } else { Err(InvalidPlanLevel) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody who has not signed in: where they are, nobody has told.
    Anyone,
    /// An account.
    User {
        /// Which.
        id: UserId,
        /// Where it is, as far as that is known.
        region: Option<Region>,
    },
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

/// Why a video is not shown. What weighs most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Hindrance")]
pub enum Hidden {
    /// Its owner has deleted it.
    #[error("the video is deleted")]
    Deleted,
    /// It is kept back.
    #[error("the video is blocked")]
    Blocked,
    /// It is not published.
    #[error("the video is not published")]
    NotPublished,
    /// It is the owner's alone.
    #[error("the video is private")]
    Private,
    /// It is shown only to those who have the link.
    #[error("the video is unlisted")]
    Unlisted,
    /// It is not shown where the viewer is, or that is not known and it is not shown everywhere.
    #[error("the video is not shown in this region")]
    RegionDenied,
}

impl Visibility {
    /// Its name.
    pub const fn name(self) -> VisibilityName {
        match self {
            Visibility::Public => VisibilityName::Public,
            Visibility::Unlisted => VisibilityName::Unlisted,
            Visibility::Private => VisibilityName::Private,
            Visibility::Subscribers(_) => VisibilityName::Subscribers,
            Visibility::Password(_) => VisibilityName::Password,
        }
    }

    /// The plan that it asks for, where it does.
    pub const fn plan_level(self) -> Option<PlanLevel> {
        match self {
            Visibility::Subscribers(level) => Some(level),
            Visibility::Public | Visibility::Unlisted | Visibility::Private | Visibility::Password(_) => None,
        }
    }

    /// Which passwords open it, where it asks for one.
    pub const fn passwords(self) -> Option<PasswordsVersion> {
        match self {
            Visibility::Password(version) => Some(version),
            Visibility::Public | Visibility::Unlisted | Visibility::Private | Visibility::Subscribers(_) => {
                None
            }
        }
    }
}

impl VisibilityName {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            VisibilityName::Public => "public",
            VisibilityName::Unlisted => "unlisted",
            VisibilityName::Private => "private",
            VisibilityName::Subscribers => "subscribers",
            VisibilityName::Password => "password",
        }
    }

    /// The visibility of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        use VisibilityName::*;
        [Public, Unlisted, Private, Subscribers, Password]
            .into_iter()
            .find(|visibility| visibility.as_str() == name)
    }
}

impl Viewer {
    /// Where the viewer is, as far as that is known.
    pub fn region(&self) -> Option<&Region> {
        match self {
            Viewer::User { region, .. } => region.as_ref(),
            Viewer::Anyone | Viewer::Service => None,
        }
    }
}

/// Whether the viewer may see the video, or what weighs most of all that hides it. Search repeats this in SQL, and a test compares
/// the two.
pub fn decide(video: &Video, viewer: &Viewer, way: Way) -> Result<(), Hidden> {
    hindrances(video, viewer, way).next().map_or(Ok(()), Err)
}

/// All that hides the video from the viewer, what weighs most first; nothing where it is shown.
pub fn hindrances(video: &Video, viewer: &Viewer, way: Way) -> impl Iterator<Item = Hidden> {
    let all = [
        video.deletion.is_some().then_some(Hidden::Deleted),
        video.withheld.is_in_force().then_some(Hidden::Blocked),
        by_state(&video.state),
        by_visibility(video.visibility, way),
        by_region(video, viewer),
    ];
    let counting = match (viewer, way) {
        (Viewer::Service, Way::Link) => 0,
        // That it is deleted, and nothing else: its owner finds it among those that are deleted alone.
        (Viewer::User { id, .. }, Way::Link) if video.is_shared_with(*id) => 1,
        (Viewer::Anyone | Viewer::User { .. } | Viewer::Service, Way::Link | Way::Search) => all.len(),
    };
    all.into_iter().take(counting).flatten()
}

fn by_state(state: &State) -> Option<Hidden> {
    match state {
        State::Draft | State::Processing | State::Ready(_) | State::Unpublished { .. } | State::Failed(_) => {
            Some(Hidden::NotPublished)
        }
        State::Published { .. } => None,
    }
}

fn by_visibility(visibility: Visibility, way: Way) -> Option<Hidden> {
    match (visibility, way) {
        (Visibility::Private, Way::Link | Way::Search) => Some(Hidden::Private),
        (Visibility::Unlisted | Visibility::Subscribers(_) | Visibility::Password(_), Way::Search) => {
            Some(Hidden::Unlisted)
        }
        (Visibility::Unlisted | Visibility::Subscribers(_) | Visibility::Password(_), Way::Link)
        | (Visibility::Public, Way::Link | Way::Search) => None,
    }
}

/// Where one is that is not known, nothing is shown that is not shown everywhere.
fn by_region(video: &Video, viewer: &Viewer) -> Option<Hidden> {
    let is_admitted = match viewer.region() {
        Some(region) => video.regions.admit(region),
        None => video.regions.admit_everywhere(),
    };
    (!is_admitted).then_some(Hidden::RegionDenied)
}
