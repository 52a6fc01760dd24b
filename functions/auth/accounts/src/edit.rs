//! `PATCH /v1/accounts/me`: asks for another address, which the account has once it is proved.
//!
//! Whether the wanted address has an account is not told: its owner gets the mail of whoever registers it again.

use crate::mail::{TOO_MANY, counted, email_of};
use crate::register::TOLD_AGAIN_AFTER;
use crate::show::{answered, shown};
use auth_credentials::{require_step_up, step_up_needed};
use auth_domain::{Account, Email, Mail, MailKind};
use auth_events::{account_changed, mail_requested};
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, ClientAddress, Context, TraceParent};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EditAccountRequest")]
pub(crate) struct EditRequest {
    /// The address that the account is to have. With its present one, another that was asked for is forgotten.
    #[schemars(example = &"ada@example.org")]
    email: Option<String>,
}

pub(crate) fn reference() -> Operation {
    Operation::patch("/v1/accounts/me", edit)
        .named("editOwnAccount", "Ask for another address")
        .described(
            "Sends a mail with a token to the wanted address, and news of it to the present one. The account has the new \
            address once that token was shown at `/v1/accounts/verification/confirmation`. Whether the wanted address \
            has an account is not told. What is left out stays as it is.",
        )
        .requires(Permission::AccountManage)
        .answers(answered("The account, which still has its present address."))
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
        .refuses([Problem::from(TransactError::Conflict)])
        .refuses([Problem::from(TOO_MANY)])
}

pub(crate) async fn edit(
    State(context): State<Context>,
    trace: TraceParent,
    (caller, address): (Caller, ClientAddress),
    if_match: IfMatch,
    Json(request): Json<EditRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    require_step_up(&context, &caller).await?;
    let wanted = request.email.as_deref().map(email_of).transpose()?;
    if_match.check(account.version)?;
    let Some(wanted) = wanted.filter(|wanted| Some(wanted) != account.new_email.as_ref()) else {
        return Ok(shown(&account));
    };
    if wanted != account.email {
        counted(&context, &wanted, address).await?;
    }
    let account = account.ask_for_email(wanted);
    store(&context, &trace, &if_match, &account).await?;
    Ok(shown(&account))
}

async fn store(
    context: &Context,
    trace: &TraceParent,
    if_match: &IfMatch,
    account: &Account,
) -> Result<(), Problem> {
    let at = context.now();
    let mut statements = vec![
        auth_storage::update(account, at),
        auth_storage::withdraw(account.id, &[MailKind::EmailChange], at),
    ];
    let mut events = vec![account_changed(context, trace, account, "account.email_change_asked")];
    if let Some(wanted) = &account.new_email {
        let to_owner = Mail::new(context.new_id(), MailKind::EmailChangeAsked, Some(account.id), at);
        let mails = [to_wanted(context, account, wanted).await?, to_owner];
        statements.push(auth_storage::note_repetition(wanted, at));
        statements.extend(mails.iter().map(auth_storage::store));
        events.extend(mails.iter().map(|mail| mail_requested(context, trace, mail)));
    }
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(error @ TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => {
            Err(if_match.outdated().unwrap_or_else(|| error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The mail to the wanted address: a proof for whoever wants it, or the news for whoever has it.
async fn to_wanted(context: &Context, account: &Account, wanted: &Email) -> Result<Mail, Problem> {
    let at = context.now();
    let taken = auth_storage::registered(context.bridge(), wanted, at - TOLD_AGAIN_AFTER).await?;
    let (kind, to) = match taken {
        None => (MailKind::EmailChange, Some(account.id)),
        Some(taken) => (MailKind::AlreadyRegistered, taken.is_to_be_told.then_some(taken.account)),
    };
    Ok(Mail::new(context.new_id(), kind, to, at))
}
