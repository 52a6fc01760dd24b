//! Who may change whose roles.
//!
//! Roles are compared by what they permit: one is below another if it permits less of the same. That is the whole
//! order; a role has no rank beside it.

use crate::Account;
use jiff::Timestamp;
use mcsp_access::{Permission, Role};
use mcsp_ids::UserId;
use std::collections::BTreeSet;
use std::fmt;

const NAME_MAX_BYTES: usize = 32;
const DESCRIPTION_MAX_CHARS: usize = 200;
/// Custom roles that one account can have: their permissions stand in its tokens.
pub const CUSTOM_ROLES_PER_ACCOUNT_MAX: usize = 10;

/// The name of a custom role: 2 to 32 lower-case letters, digits and underscores, beginning with a letter, and not
/// a built-in role's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleName(String);

/// What a custom role is for: up to 200 printable characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleDescription(String);

/// A role that somebody has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// By which it is known.
    pub name: RoleName,
    /// For people.
    pub description: RoleDescription,
    /// What it permits.
    pub permissions: BTreeSet<Permission>,
    /// 1 when made, and one more with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A custom role as an account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedRole {
    /// Which.
    pub name: RoleName,
    /// What it permits now.
    pub permissions: BTreeSet<Permission>,
}

/// A role to be granted or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyRole {
    /// One that every function knows.
    BuiltIn(Role),
    /// One that somebody has made.
    Custom(CustomRole),
}

/// Who changes roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Whoever runs the platform, and could write into its database: above all roles.
    Platform,
    /// An account, with what it may do now.
    Account {
        /// Who.
        id: UserId,
        /// All that its roles permit.
        permissions: BTreeSet<Permission>,
    },
}

/// What became of an account's roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleOutcome {
    /// They changed.
    Changed(Account),
    /// They were so already.
    Unchanged(Account),
}

/// Why roles may not be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefusal {
    /// Nobody lifts themselves, nor locks themselves out.
    #[error("nobody changes their own roles")]
    OwnRoles,
    /// The role permits something that the one who acts may not do, or all that they may.
    #[error("the role is not below your own")]
    RoleNotBelow,
    /// So does what the account has.
    #[error("the account's roles are not below your own")]
    AccountNotBelow,
    /// An account without a role could not even see itself.
    #[error("an account keeps at least one built-in role")]
    LastRole,
    /// More than [`CUSTOM_ROLES_PER_ACCOUNT_MAX`].
    #[error("an account can have {CUSTOM_ROLES_PER_ACCOUNT_MAX} custom roles")]
    TooMany,
}

impl RoleName {
    /// A built-in role's name is not to be had.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (2..=NAME_MAX_BYTES).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (is_name && Role::from_name(text).is_none()).then(|| RoleName(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RoleDescription {
    /// Spaces around it do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.chars().count() <= DESCRIPTION_MAX_CHARS && !text.contains(char::is_control);
        fits.then(|| RoleDescription(text.to_owned()))
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AnyRole {
    /// By which it is known.
    pub fn name(&self) -> &str {
        match self {
            AnyRole::BuiltIn(role) => role.as_str(),
            AnyRole::Custom(role) => role.name.as_str(),
        }
    }

    /// What it permits.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        match self {
            AnyRole::BuiltIn(role) => role.permissions().iter().copied().collect(),
            AnyRole::Custom(role) => role.permissions.clone(),
        }
    }
}

impl Authority {
    /// Whether a role that permits this may be made, changed, deleted, granted or revoked.
    pub fn over_role(&self, permissions: &BTreeSet<Permission>) -> Result<(), RoleRefusal> {
        if self.is_above(permissions) { Ok(()) } else { Err(RoleRefusal::RoleNotBelow) }
    }

    fn over_account(&self, account: &Account) -> Result<(), RoleRefusal> {
        match self {
            Authority::Account { id, .. } if *id == account.id => Err(RoleRefusal::OwnRoles),
            _ if self.is_above(&account.permissions()) => Ok(()),
            _ => Err(RoleRefusal::AccountNotBelow),
        }
    }

    fn is_above(&self, permissions: &BTreeSet<Permission>) -> bool {
        match self {
            Authority::Platform => true,
            Authority::Account { permissions: own, .. } => permissions.is_subset(own) && permissions != own,
        }
    }
}

impl Account {
    /// All that its roles permit.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        let built_in = self.roles.iter().flat_map(|role| role.permissions()).copied();
        built_in.chain(self.custom_permissions()).collect()
    }

    /// What its custom roles permit, for its tokens.
    pub fn custom_permissions(&self) -> impl Iterator<Item = Permission> {
        let all: BTreeSet<_> = self.custom_roles.iter().flat_map(|role| &role.permissions).copied().collect();
        all.into_iter()
    }

    /// The names of all its roles.
    pub fn role_names(&self) -> Vec<&str> {
        let custom = self.custom_roles.iter().map(|role| role.name.as_str());
        self.roles.iter().map(|role| role.as_str()).chain(custom).collect()
    }

    /// Gives it a role.
    pub fn grant(mut self, role: &AnyRole, by: &Authority) -> Result<RoleOutcome, RoleRefusal> {
        by.over_account(&self)?;
        by.over_role(&role.permissions())?;
        match role {
            AnyRole::BuiltIn(role) if self.roles.contains(role) => return Ok(RoleOutcome::Unchanged(self)),
            AnyRole::BuiltIn(role) => self.roles.push(*role),
            AnyRole::Custom(CustomRole { name, permissions, .. }) => {
                if self.custom_roles.iter().any(|granted| granted.name == *name) {
                    return Ok(RoleOutcome::Unchanged(self));
                }
                if self.custom_roles.len() >= CUSTOM_ROLES_PER_ACCOUNT_MAX {
                    return Err(RoleRefusal::TooMany);
                }
                let (name, permissions) = (name.clone(), permissions.clone());
                self.custom_roles.push(GrantedRole { name, permissions });
            }
        }
        Ok(RoleOutcome::Changed(Account { version: self.version + 1, ..self }))
    }

    /// Takes a role from it.
    pub fn revoke(mut self, role: &AnyRole, by: &Authority) -> Result<RoleOutcome, RoleRefusal> {
        by.over_account(&self)?;
        by.over_role(&role.permissions())?;
        let before = self.roles.len() + self.custom_roles.len();
        match role {
            AnyRole::BuiltIn(role) => self.roles.retain(|had| had != role),
            AnyRole::Custom(role) => self.custom_roles.retain(|had| had.name != role.name),
        }
        if self.roles.is_empty() {
            return Err(RoleRefusal::LastRole);
        }
        if self.roles.len() + self.custom_roles.len() == before {
            return Ok(RoleOutcome::Unchanged(self));
        }
        Ok(RoleOutcome::Changed(Account { version: self.version + 1, ..self }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, Registration};
    use proptest::prelude::*;

    fn account(n: u128, roles: &[Role]) -> Account {
        let registration = Registration {
            id: UserId::from_uuid(uuid::Uuid::from_u128(n)),
            email: Email::parse("ada@example.com").unwrap(),
            role: Role::Viewer,
            region: "eu".into(),
        };
        Account { roles: roles.to_vec(), ..Account::register(registration, Timestamp::UNIX_EPOCH) }
    }

    fn custom(name: &str, permissions: &[Permission]) -> CustomRole {
        CustomRole {
            name: RoleName::parse(name).unwrap(),
            description: RoleDescription::default(),
            permissions: permissions.iter().copied().collect(),
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn acting(account: &Account) -> Authority {
        Authority::Account { id: account.id, permissions: account.permissions() }
    }

    #[test]
    fn an_admin_grants_and_revokes_what_is_below() {
        let admin = acting(&account(1, &[Role::Admin]));
        let role = AnyRole::BuiltIn(Role::Moderator);
        let Ok(RoleOutcome::Changed(granted)) = account(2, &[Role::Viewer]).grant(&role, &admin) else {
            panic!("not granted")
        };
        assert_eq!((granted.role_names(), granted.version), (vec!["viewer", "moderator"], 2));
        assert_eq!(granted.clone().grant(&role, &admin), Ok(RoleOutcome::Unchanged(granted.clone())));
        let Ok(RoleOutcome::Changed(revoked)) = granted.revoke(&role, &admin) else { panic!("not revoked") };
        assert_eq!((revoked.role_names(), revoked.version), (vec!["viewer"], 3));
        assert_eq!(revoked.clone().revoke(&role, &admin), Ok(RoleOutcome::Unchanged(revoked)));
    }

    #[test]
    fn an_admin_is_made_by_the_platform_alone() {
        let admin = account(1, &[Role::Admin]);
        let role = AnyRole::BuiltIn(Role::Admin);
        let other = account(2, &[Role::Viewer]);
        assert_eq!(other.clone().grant(&role, &acting(&admin)), Err(RoleRefusal::RoleNotBelow));
        assert!(matches!(other.grant(&role, &Authority::Platform), Ok(RoleOutcome::Changed(_))));
        let another = account(3, &[Role::Admin, Role::Creator]);
        let creator = AnyRole::BuiltIn(Role::Creator);
        assert_eq!(another.revoke(&creator, &acting(&admin)), Err(RoleRefusal::AccountNotBelow));
    }

    #[test]
    fn nobody_changes_their_own_roles() {
        let admin = account(1, &[Role::Admin, Role::Creator]);
        let role = AnyRole::BuiltIn(Role::Creator);
        assert_eq!(admin.clone().grant(&role, &acting(&admin)), Err(RoleRefusal::OwnRoles));
        assert_eq!(admin.clone().revoke(&role, &acting(&admin)), Err(RoleRefusal::OwnRoles));
    }

    #[test]
    fn the_last_built_in_role_stays() {
        let viewer = AnyRole::BuiltIn(Role::Viewer);
        let account = account(2, &[Role::Viewer]);
        assert_eq!(account.revoke(&viewer, &Authority::Platform), Err(RoleRefusal::LastRole));
    }

    #[test]
    fn an_account_has_a_bounded_number_of_custom_roles() {
        let mut one = account(2, &[Role::Viewer]);
        for n in 0..CUSTOM_ROLES_PER_ACCOUNT_MAX {
            let role = AnyRole::Custom(custom(&format!("role_{n}"), &[Permission::RoleView]));
            let Ok(RoleOutcome::Changed(granted)) = one.grant(&role, &Authority::Platform) else { panic!() };
            one = granted;
        }
        assert_eq!(one.custom_permissions().collect::<Vec<_>>(), [Permission::RoleView]);
        let role = AnyRole::Custom(custom("one_more", &[]));
        assert_eq!(one.grant(&role, &Authority::Platform), Err(RoleRefusal::TooMany));
    }

    #[test]
    fn names_are_plain_and_not_built_in() {
        for good in ["helpdesk", "tier_2", "a1"] {
            assert_eq!(RoleName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a", "admin", "viewer", "Helpdesk", "2nd", "_a", "a-b", "a b", "ä1", &"x".repeat(33)]
        {
            assert_eq!(RoleName::parse(bad), None, "{bad}");
        }
    }

    fn any_permissions() -> impl Strategy<Value = BTreeSet<Permission>> {
        prop::collection::btree_set(prop::sample::select(Permission::ALL), 0..Permission::ALL.len())
    }

    proptest! {
        /// Whatever roles there are: nobody gives what they do not have, nor all that they have.
        #[test]
        fn nobody_is_lifted_by_a_role_to_the_height_of_who_gives_it(own in any_permissions(), given in any_permissions()) {
            let actor = Authority::Account { id: UserId::from_uuid(uuid::Uuid::from_u128(1)), permissions: own.clone() };
            let given: Vec<_> = given.into_iter().collect();
            let role = AnyRole::Custom(custom("role", &given));
            let target = account(2, &[]);
            if let Ok(RoleOutcome::Changed(lifted)) = target.grant(&role, &actor) {
                let lifted = lifted.permissions();
                prop_assert!(lifted.is_subset(&own) && lifted != own);
            }
        }
    }
}
