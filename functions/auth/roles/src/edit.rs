//! `PATCH /v1/roles/{name}`: a custom role permits something else. Whoever has it learns of it with their next access
//! token.

use crate::authority::{Actor, acting, refused, unwritten};
use crate::create::{description, permissions};
use crate::{named, view};
use auth_domain::{AnyRole, CustomRole};
use auth_storage::roles::WriteError;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Invalid, Json, Path, Problem};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditRequest {
    description: Option<String>,
    permissions: Option<Vec<String>>,
}

pub(crate) async fn edit(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(name): Path<String>,
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
        AnyRole::BuiltIn(_) => {
            Err(Problem::new(StatusCode::CONFLICT, "role_is_built_in", "built-in roles do not change"))
        }
    }
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
