//! `DELETE /v1/roles/{name}`: a custom role that nobody has.

use crate::authority::{Actor, acting, refused};
use crate::edit::{custom, lost};
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Path, Problem};

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let actor = Actor::Account(Box::new(acting(&context, &caller, Permission::RoleManage).await?));
    let role = custom(&context, &name).await?;
    if_match.check(role.version)?;
    actor.authority().over_role(&role.permissions).map_err(refused)?;
    let write = actor.write().delete(&role);
    write.commit(context.bridge(), None).await.map_err(|error| lost(error, &if_match))?;
    Ok(StatusCode::NO_CONTENT)
}
