//! `DELETE /v1/accounts/me`: closes the account and signs all devices out. For 30 days its owner can take it back
//! by signing in; then it is erased.

use auth_credentials::{require_step_up, step_up_needed};
use auth_domain::{Account, Mail, MailKind, REOPENABLE_FOR};
use auth_events::{account_changed, erase_later, mail_requested};
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClosedAccount")]
pub(crate) struct Closed {
    /// What the account is now.
    #[schemars(extend("const" = "closed"))]
    state: &'static str,
    /// Until when its owner can take it back. Then it is erased.
    reopenable_until: Timestamp,
}

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/accounts/me", close)
        .named("closeOwnAccount", "Close one's own account")
        .described(
            "Closes the account and signs all devices out. For 30 days its owner can take it back by signing in with \
            `reopen`; then it is erased.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::json::<Closed>(StatusCode::OK, "The account is closed."))
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([Problem::not_found(), not_active(), TransactError::Conflict.into()])
}

pub(crate) async fn close(
    State(context): State<Context>,
    trace: TraceParent,
    caller: Caller,
    if_match: IfMatch,
) -> Result<Json<Closed>, Problem> {
    caller.require(Permission::AccountManage)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    if_match.check(account.version)?;
    let at = context.now();
    // With the first closing its session has ended: whoever repeats it is told that it is closed, and not to step up.
    let account = account.close(at).map_err(|refused| not_active().with_detail(refused))?;
    require_step_up(&context, &caller).await?;
    store(&context, &trace, &account, at).await.map_err(|error| match error {
        TransactError::UnexpectedRows(RowMismatch { statement: 0, .. }) => {
            if_match.outdated().unwrap_or_else(|| error.into())
        }
        error => error.into(),
    })?;
    Ok(Json(Closed { state: account.state.as_str(), reopenable_until: at + REOPENABLE_FOR }))
}

fn not_active() -> Problem {
    Problem::new(StatusCode::CONFLICT, "account_not_active", "only an active account can be closed")
}

async fn store(
    context: &Context,
    trace: &TraceParent,
    account: &Account,
    at: Timestamp,
) -> Result<(), TransactError> {
    let notice = Mail::new(context.new_id(), MailKind::Closed, Some(account.id), at);
    let tokens = [MailKind::Verification, MailKind::Recovery, MailKind::EmailChange];
    let statements = vec![
        auth_storage::update(account, at),
        auth_storage::end_all(account.id, None),
        auth_storage::withdraw(account.id, &tokens, at),
        auth_storage::store(&notice),
        erase_later(context, trace, account),
    ];
    let events = vec![
        account_changed(context, trace, account, "account.closed"),
        mail_requested(context, trace, &notice),
    ];
    context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
    Ok(())
}
