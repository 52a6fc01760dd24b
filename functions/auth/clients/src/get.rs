//! `GET /v1/clients/{id}`: an application.

use crate::view;
use auth_storage::clients;
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::ClientId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/clients/{id}", get)
        .named("getClient", "Show an application")
        .described("A registered application. Its secret is not shown again.")
        .requires(Permission::ClientManage)
        .answers(view::answered("The application."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<ClientId>,
) -> Result<Response, Problem> {
    caller.require(Permission::ClientManage)?;
    let client = clients::find(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
    Ok(view::answer(&client))
}
