//! `DELETE /v1/sessions`: signs out all devices but this one. Their refresh tokens end at once, their access tokens
//! when they expire.

use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_function::{Caller, Context};
use mcsp_problem::Problem;

pub(crate) async fn end_others(
    State(context): State<Context>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::AccountManage)?;
    let statements = vec![auth_storage::end_all(caller.user(), caller.claims.sid)];
    let transaction = Transaction { consumed_event: None, statements, events: Vec::new() };
    context.bridge().transact(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
