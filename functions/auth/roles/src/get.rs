//! `GET /v1/roles/{name}`: a role.

use crate::named::{self, Name};
use crate::view;
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/roles/{name}", get)
        .named("getRole", "Show a role")
        .described("What a role permits. A custom role has an `ETag`, a built-in one never changes.")
        .requires(Permission::RoleView)
        .answers(view::answered("The role."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path(Name(name)): Path<Name>,
) -> Result<Response, Problem> {
    caller.require(Permission::RoleView)?;
    Ok(view::answer(&named::any(&context, &name).await?))
}
