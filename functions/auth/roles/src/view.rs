//! Roles, as those see them who manage them.

use auth_domain::{Account, AnyRole, CustomRole};
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use mcsp_access::{Permission, Role};
use mcsp_etag::ETag;
use mcsp_ids::UserId;
use mcsp_problem::Json;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct RoleView {
    pub(crate) name: String,
    /// Built-in roles can't be changed.
    built_in: bool,
    description: String,
    permissions: Vec<Permission>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        RoleView {
            name: role.as_str().to_owned(),
            built_in: true,
            description: String::new(),
            permissions: role.permissions().to_vec(),
            created_at: None,
            updated_at: None,
        }
    }
}

impl From<&CustomRole> for RoleView {
    fn from(role: &CustomRole) -> Self {
        RoleView {
            name: role.name.to_string(),
            built_in: false,
            description: role.description.as_str().to_owned(),
            permissions: role.permissions.iter().copied().collect(),
            created_at: Some(role.created_at),
            updated_at: Some(role.updated_at),
        }
    }
}

pub(crate) fn answer(role: &AnyRole) -> Response {
    match role {
        AnyRole::BuiltIn(role) => Json(RoleView::from(*role)).into_response(),
        AnyRole::Custom(role) => {
            ([(header::ETAG, ETag(role.version).to_string())], Json(RoleView::from(role))).into_response()
        }
    }
}

/// The roles of an account.
#[derive(Serialize)]
pub(crate) struct HeldView {
    user_id: UserId,
    roles: Vec<String>,
    /// All that they permit.
    permissions: Vec<Permission>,
}

impl From<&Account> for HeldView {
    fn from(account: &Account) -> Self {
        HeldView {
            user_id: account.id,
            roles: account.role_names().into_iter().map(str::to_owned).collect(),
            permissions: account.permissions().into_iter().collect(),
        }
    }
}
