//! `DELETE /v1/sessions`: signs out all devices but this one. Their refresh tokens end at once, their access tokens
//! when they expire.

use auth_credentials::{require_session, session_needed};
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_function::{Caller, Context};
use mcsp_problem::Problem;
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/sessions", end_others)
        .named("endOtherSessions", "Sign all other devices out")
        .described(
            "Ends all of one's own sessions but the one of the access token. Access tokens that the devices have are good \
            until they expire. One whose own session has ended ends no other.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "All other sessions have ended."))
        .refuses([session_needed(), Problem::from(TransactError::Conflict)])
}

pub(crate) async fn end_others(
    State(context): State<Context>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::AccountManage)?;
    // Whoever was signed out has a token for minutes, in which they must not do the same to the owner.
    require_session(&context, &caller).await?;
    let statements = auth_storage::end_others(caller.user(), caller.claims.sid);
    let transaction = Transaction::of(statements.into());
    context.bridge().transact(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
