//! Roles, as those see them who manage them.

use auth_domain::{Account, AnyRole, CustomRole};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::{Permission, Role};
use mcsp_etag::ETag;
use mcsp_ids::UserId;
use mcsp_problem::Json;
use mcsp_reference::Answer;
use schemars::JsonSchema;
use serde::Serialize;

/// A role.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RoleDefinition")]
pub(crate) struct RoleView {
    /// By which it is known.
    #[schemars(example = &"support")]
    pub(crate) name: String,
    /// Whether it is one that never changes.
    built_in: bool,
    /// For people; empty for a built-in role.
    #[schemars(example = &"Answers viewers' questions.")]
    description: String,
    /// What it permits.
    permissions: Vec<Permission>,
    /// When it was made; null for a built-in role.
    created_at: Option<Timestamp>,
    /// When it last changed; null for a built-in role.
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

/// What [`answer`] is in the API reference.
pub(crate) fn answered(description: &'static str) -> Answer {
    Answer::json::<RoleView>(StatusCode::OK, description).sometimes_with(header::ETAG)
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
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HeldRoles")]
pub(crate) struct HeldView {
    user_id: UserId,
    /// Built-in and custom ones, by their names.
    #[schemars(example = ["viewer", "support"])]
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
