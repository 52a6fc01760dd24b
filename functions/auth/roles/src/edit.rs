//! `PATCH /v1/roles/{name}`: a custom role permits something else. Whoever has it learns of it with their next access
//! token.

use crate::authority::{Actor, acting, refused, unwritten};
use crate::create::{description, permissions};
use crate::named::{self, Name};
use crate::view;
use auth_domain::{AnyRole, CustomRole, RoleRefusal};
use auth_storage::roles::WriteError;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EditRoleRequest")]
pub(crate) struct EditRequest {
    /// What it is for: up to 200 printable characters.
    #[schemars(example = &"Answers viewers' questions.")]
    description: Option<String>,
    /// All that it is to permit.
    #[schemars(example = ["permission.check"])]
    permissions: Option<Vec<String>>,
}

pub(crate) fn reference() -> Operation {
    Operation::patch("/v1/roles/{name}", edit)
        .named("editRole", "Change a custom role")
        .described(
            "What is left out stays as it is. Whoever has the role learns of it with their next access token. Neither what \
            it was nor what it is to be may permit as much as one's own roles.",
        )
        .requires(Permission::RoleManage)
        .answers(view::answered("The role as it is now."))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), built_in()])
        .refuses([refused(RoleRefusal::RoleNotBelow), unwritten(WriteError::Outdated)])
}

pub(crate) async fn edit(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(Name(name)): Path<Name>,
    Json(request): Json<EditRequest>,
) -> Result<Response, Problem> {
    let actor = Actor::Account(Box::new(acting(&context, &caller, Permission::RoleManage).await?));
    let role = custom(&context, &name).await?;
    if_match.check(role.version)?;
    let edited = parse(request, &role)?;
    // What it was is as little one's to change as what it is to be.
    for permissions in [&role.permissions, &edited.permissions] {
        actor.authority().over_role(permissions).map_err(refused)?;
    }
    if edited == role {
        return Ok(view::answer(&AnyRole::Custom(role)));
    }
    let edited = CustomRole { version: role.version + 1, updated_at: context.now(), ..edited };
    let write = actor.write().update(&edited);
    write.commit(context.bridge(), None).await.map_err(|error| lost(error, &if_match))?;
    Ok(view::answer(&AnyRole::Custom(edited)))
}

/// A custom role of that name; 409 for a built-in one.
pub(crate) async fn custom(context: &Context, name: &str) -> Result<CustomRole, Problem> {
    match named::any(context, name).await? {
        AnyRole::Custom(role) => Ok(role),
        AnyRole::BuiltIn(_) => Err(built_in()),
    }
}

pub(crate) fn built_in() -> Problem {
    Problem::new(StatusCode::CONFLICT, "role_is_built_in", "built-in roles do not change")
}

/// Who named a version is told that it is stale; who named none may simply try again.
pub(crate) fn lost(error: WriteError, if_match: &IfMatch) -> Problem {
    match error {
        WriteError::Outdated => if_match.outdated().unwrap_or_else(|| unwritten(WriteError::Outdated)),
        WriteError::NameTaken | WriteError::InUse | WriteError::Failed(_) => unwritten(error),
    }
}

fn parse(request: EditRequest, role: &CustomRole) -> Result<CustomRole, Problem> {
    let mut invalid = Invalid::default();
    let mut edited = role.clone();
    if let Some(text) = request.description.and_then(|text| invalid.check("/description", description(&text)))
    {
        edited.description = text;
    }
    if let Some(allowed) = request.permissions.and_then(|names| permissions(&names, &mut invalid)) {
        edited.permissions = allowed;
    }
    invalid.into_result(edited)
}
