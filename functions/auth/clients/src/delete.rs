//! `DELETE /v1/clients/{id}`: takes the application's registration away, and with it all that it was given. Access
//! tokens that it has are good until they expire.

use crate::edit::refuse;
use auth_storage::clients;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::ClientId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/clients/{id}", delete)
        .named("deleteClient", "Delete an application")
        .described(
            "Takes the registration away, and with it all that the application was given. Access tokens that it has are \
            good until they expire.",
        )
        .requires(Permission::ClientManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The application is deleted."))
        .refuses([Problem::not_found(), TransactError::Conflict.into()])
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, if_match): (Caller, IfMatch),
    Path(id): Path<ClientId>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::ClientManage)?;
    let client = clients::find(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(client.version)?;
    clients::delete(context.bridge(), &client).await.map_err(|error| refuse(error, &if_match))?;
    Ok(StatusCode::NO_CONTENT)
}
