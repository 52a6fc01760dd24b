//! `DELETE /v1/factors/{id}`: removes an authenticator or a passkey, and the recovery codes with the last one.

use auth_credentials::{require_step_up, step_up_needed};
use auth_events::account_changed;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::FactorId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/factors/{id}", remove)
        .named("removeFactor", "Remove an authenticator or a passkey")
        .described(
            "Removes one of one's own authenticators or passkeys, and the recovery codes with the last one.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The factor is removed."))
        .refuses(step_up_needed())
        .refuses([Problem::not_found(), TransactError::Conflict.into()])
}

pub(crate) async fn remove(
    State(context): State<Context>,
    trace: TraceParent,
    caller: Caller,
    Path(id): Path<FactorId>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::AccountManage)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?.change_factors();
    require_step_up(&context, &caller).await?;
    let mut statements = vec![auth_storage::hold_account(account.id)];
    statements.extend(auth_storage::remove_factor(account.id, id));
    statements.push(auth_storage::update(&account, context.now()));
    let events = vec![account_changed(&context, &trace, &account, "account.factor_removed")];
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 1, .. })) => Err(Problem::not_found()),
        Err(error) => Err(error.into()),
    }
}
