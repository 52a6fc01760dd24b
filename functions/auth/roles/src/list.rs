//! `GET /v1/roles`: built-in and custom ones, by name.

use crate::view::RoleView;
use auth_storage::roles;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::{Permission, Role};
use mcsp_function::{Caller, Context};
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<String>>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/roles", list)
        .named("listRoles", "List the roles")
        .described("Built-in and custom roles, by name.")
        .requires(Permission::RoleView)
        .answers(Answer::json::<Page<RoleView>>(StatusCode::OK, "A page of roles."))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(ListRequest { limit, cursor }): Query<ListRequest>,
) -> Result<Json<Page<Packed<RoleView>>>, Problem> {
    caller.require(Permission::RoleView)?;
    let after = cursor.map(|Cursor(name)| name);
    let custom = roles::list(context.bridge(), after.as_deref(), limit).await?;
    let built_in = Role::ALL.iter().copied().map(RoleView::from);
    let mut all: Vec<_> = built_in.chain(custom.iter().map(RoleView::from)).collect();
    all.retain(|role| after.as_ref().is_none_or(|after| role.name > *after));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(Page::new(all, limit, |role| role.name.clone(), |role| role)))
}
