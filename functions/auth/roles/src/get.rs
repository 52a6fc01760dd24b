//! `GET /v1/roles/{name}`

use crate::{named, view};
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Path, Problem};

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    caller.require(Permission::RoleView)?;
    Ok(view::answer(&named::any(&context, &name).await?))
}
