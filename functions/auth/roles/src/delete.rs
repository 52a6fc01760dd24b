//! `DELETE /v1/roles/{name}`: a custom role that nobody has.

use crate::authority::{Actor, acting, refused, unwritten};
use crate::edit::{built_in, custom, lost};
use crate::named::Name;
use auth_domain::RoleRefusal;
use auth_storage::roles::WriteError;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/roles/{name}", delete)
        .named("deleteRole", "Delete a custom role")
        .described("Deletes a custom role that nobody has.")
        .requires(Permission::RoleManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The role is deleted."))
        .refuses([Problem::not_found(), built_in(), refused(RoleRefusal::RoleNotBelow)])
        .refuses([WriteError::InUse, WriteError::Outdated].map(unwritten))
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(Name(name)): Path<Name>,
) -> Result<StatusCode, Problem> {
    let actor = Actor::Account(Box::new(acting(&context, &caller, Permission::RoleManage).await?));
    let role = custom(&context, &name).await?;
    if_match.check(role.version)?;
    actor.authority().over_role(&role.permissions).map_err(refused)?;
    let write = actor.write().delete(&role);
    write.commit(context.bridge(), None).await.map_err(|error| lost(error, &if_match))?;
    Ok(StatusCode::NO_CONTENT)
}
