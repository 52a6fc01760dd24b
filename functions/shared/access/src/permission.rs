//! Roles, and what each may do.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// What a route can ask for. Each is asked for by a route; what none asks for is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See and change one's own account.
    AccountManage,
    /// Upload media.
    MediaUpload,
    /// Create and change one's own content.
    ContentEdit,
    /// Make one's own content visible to others, or take it back.
    ContentPublish,
    /// See why somebody may see a video, or may not.
    ContentExplain,
    /// Watch what one is entitled to.
    PlaybackStart,
    /// See why somebody may play a video, or may not.
    PlaybackExplain,
    /// Rotate the keys that sign playback URLs.
    PlaybackKeyManage,
    /// See all roles, and which ones others have.
    RoleView,
    /// Give roles below one's own to others, and take them away.
    RoleGrant,
    /// Make, change and delete custom roles below one's own.
    RoleManage,
    /// Ask what others may do.
    PermissionCheck,
    /// Register the applications that may ask for tokens.
    ClientManage,
    /// Rotate the keys that sign access tokens.
    SigningKeyManage,
}

impl Permission {
    /// Every one.
    pub const ALL: &'static [Permission] = &[
        Permission::AccountManage,
        Permission::MediaUpload,
        Permission::ContentEdit,
        Permission::ContentPublish,
        Permission::ContentExplain,
        Permission::PlaybackStart,
        Permission::PlaybackExplain,
        Permission::PlaybackKeyManage,
        Permission::RoleView,
        Permission::RoleGrant,
        Permission::RoleManage,
        Permission::PermissionCheck,
        Permission::ClientManage,
        Permission::SigningKeyManage,
    ];

    /// The stable name, `<resource>.<act>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::AccountManage => "account.manage",
            Permission::MediaUpload => "media.upload",
            Permission::ContentEdit => "content.edit",
            Permission::ContentPublish => "content.publish",
            Permission::ContentExplain => "content.explain",
            Permission::PlaybackStart => "playback.start",
            Permission::PlaybackExplain => "playback.explain",
            Permission::PlaybackKeyManage => "playback_key.manage",
            Permission::RoleView => "role.view",
            Permission::RoleGrant => "role.grant",
            Permission::RoleManage => "role.manage",
            Permission::PermissionCheck => "permission.check",
            Permission::ClientManage => "client.manage",
            Permission::SigningKeyManage => "signing_key.manage",
        }
    }

    /// The permission of that name.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }
}

impl From<Permission> for &'static str {
    fn from(permission: Permission) -> Self {
        permission.as_str()
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for Permission {
    fn schema_name() -> Cow<'static, str> {
        "Permission".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
        json_schema!({"type": "string", "description": "Something that one may do.", "enum": names})
    }
}

/// Reads a list of permissions. Names that are not known here are passed over: whoever issued them may be newer,
/// and no route of this version asks for them.
pub(crate) fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Permission>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| Permission::from_name(name)).collect())
}

/// A built-in role. An account can have several, and custom ones beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches.
    Viewer,
    /// Uploads and publishes, and watches.
    Creator,
    /// Sees who has which role, and why somebody may see or play what; watches.
    Moderator,
    /// May do everything.
    Admin,
    /// A machine: asks what accounts may do.
    Service,
}

impl Role {
    /// Every one.
    pub const ALL: &'static [Role] =
        &[Role::Viewer, Role::Creator, Role::Moderator, Role::Admin, Role::Service];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Creator => "creator",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
            Role::Service => "service",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|role| role.as_str() == name)
    }

    /// All that the role may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Role::Viewer => &[AccountManage, PlaybackStart],
            Role::Creator => &[AccountManage, PlaybackStart, MediaUpload, ContentEdit, ContentPublish],
            Role::Moderator => {
                &[AccountManage, PlaybackStart, ContentExplain, PlaybackExplain, RoleView, PermissionCheck]
            }
            Role::Admin => Permission::ALL,
            Role::Service => &[PermissionCheck],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_by_its_name_and_by_no_other() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(*role));
        }
        assert_eq!(Role::from_name("Viewer"), None);
    }

    #[test]
    fn a_permission_is_found_by_its_name_of_resource_and_act() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.as_str()), Some(*permission));
            assert_eq!(permission.as_str().split('.').count(), 2);
        }
        assert_eq!(Permission::from_name("content"), None);
    }

    #[test]
    fn a_viewer_changes_no_content() {
        for permission in [Permission::MediaUpload, Permission::ContentEdit, Permission::ContentPublish] {
            assert!(!Role::Viewer.permissions().contains(&permission), "{}", permission.as_str());
        }
    }

    #[test]
    fn only_an_admin_manages_the_platform() {
        for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
            for permission in [
                Permission::RoleGrant,
                Permission::RoleManage,
                Permission::ClientManage,
                Permission::SigningKeyManage,
                Permission::PlaybackKeyManage,
            ] {
                assert!(!role.permissions().contains(&permission), "{}", role.as_str());
            }
        }
    }
}
