//! Those who work on a video beside its owner.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;

use content_domain::{Role, Video};
use mcsp_ids::UserId;
use schemars::JsonSchema;
use serde::Serialize;

/// Somebody who works on a video.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Collaborator")]
pub(crate) struct CollaboratorView {
    /// Who.
    user_id: UserId,
    /// What they may do.
    #[schemars(example = &"editor")]
    role: Role,
}

impl CollaboratorView {
    /// All who work on a video.
    pub(crate) fn all(video: &Video) -> Vec<Self> {
        video.collaborators.iter().map(|(user_id, role)| CollaboratorView { user_id, role }).collect()
    }
}
