//! Roles, and what each may do.

use serde::{Deserialize, Serialize};

/// What a route can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See and change one's own account.
    AccountManage,
    /// Upload media.
    MediaUpload,
    /// Create and change one's own content.
    ContentEdit,
    /// Make one's own content visible to others, or take it back.
    ContentPublish,
    /// Watch what one is entitled to.
    PlaybackStart,
}

impl Permission {
    /// The stable name, `<resource>.<act>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::AccountManage => "account.manage",
            Permission::MediaUpload => "media.upload",
            Permission::ContentEdit => "content.edit",
            Permission::ContentPublish => "content.publish",
            Permission::PlaybackStart => "playback.start",
        }
    }
}

/// A built-in role. An account can have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches.
    Viewer,
    /// Uploads and publishes, and watches.
    Creator,
}

impl Role {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Creator => "creator",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Viewer, Role::Creator].into_iter().find(|role| role.as_str() == name)
    }

    /// All that the role may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Role::Viewer => &[AccountManage, PlaybackStart],
            Role::Creator => &[AccountManage, PlaybackStart, MediaUpload, ContentEdit, ContentPublish],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_by_its_name_and_by_no_other() {
        for role in [Role::Viewer, Role::Creator] {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("Viewer"), None);
    }

    #[test]
    fn a_viewer_changes_no_content() {
        for permission in [Permission::MediaUpload, Permission::ContentEdit, Permission::ContentPublish] {
            assert!(!Role::Viewer.permissions().contains(&permission), "{}", permission.as_str());
        }
    }
}
