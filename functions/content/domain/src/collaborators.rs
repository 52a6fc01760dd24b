//! Those who work on a video beside its owner.

use crate::{Happened, Outcome, Video};
use jiff::Timestamp;
use mcsp_ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Collaborators that a video can have.
pub const COLLABORATORS_MAX: usize = 50;

/// What a collaborator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CollaboratorRole")]
pub enum Role {
    /// Sees it as its owner does.
    Viewer,
    /// May change what is said of it, too.
    Editor,
}

/// Who they are, and what each may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Collaborators(BTreeMap<UserId, Role>);

/// Why somebody can't be made a collaborator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShared {
    /// Its owner may do all that there is already.
    #[error("the video is theirs")]
    WithOwner,
    /// There are as many as there can be.
    #[error("a video has at most {COLLABORATORS_MAX} collaborators")]
    WithTooMany,
}

impl Collaborators {
    /// What this account may do, where it is one of them.
    pub fn role(&self, user: UserId) -> Option<Role> {
        self.0.get(&user).copied()
    }

    /// All of them, by their ids.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, Role)> {
        self.0.iter().map(|(user, role)| (*user, *role))
    }

    /// The same without this account.
    #[must_use]
    pub(crate) fn without(mut self, user: UserId) -> Self {
        self.0.remove(&user);
        self
    }
}

impl Video {
    /// Whether this account may change what is said of it.
    pub fn is_edited_by(&self, user: UserId) -> bool {
        self.origin.owner == user || self.collaborators.role(user) == Some(Role::Editor)
    }

    /// Whether this account sees it whatever hides it from others, unless it is deleted.
    pub fn is_shared_with(&self, user: UserId) -> bool {
        self.origin.owner == user || self.collaborators.role(user).is_some()
    }

    /// Makes somebody a collaborator, or gives one another role.
    pub fn share(mut self, user: UserId, role: Role, now: Timestamp) -> Result<Outcome, NotShared> {
        if self.origin.owner == user {
            return Err(NotShared::WithOwner);
        }
        if self.collaborators.0.insert(user, role) == Some(role) {
            return Ok(Outcome::Unchanged(self));
        }
        if self.collaborators.0.len() > COLLABORATORS_MAX {
            return Err(NotShared::WithTooMany);
        }
        Ok(self.with_changed_collaborators(now))
    }

    /// Takes a collaborator away. Who is none stays none.
    pub fn unshare(mut self, user: UserId, now: Timestamp) -> Outcome {
        match self.collaborators.0.remove(&user) {
            Some(_) => self.with_changed_collaborators(now),
            None => Outcome::Unchanged(self),
        }
    }

    fn with_changed_collaborators(self, now: Timestamp) -> Outcome {
        let state = self.state.clone();
        self.changed(state, Happened::CollaboratorsChanged, now)
    }
}
