//! `POST /v1/accounts/verification/confirmation`: whoever reads an address' mail proves that it is theirs, be it
//! the account's address or the one that it wants instead.

use crate::confirm::{TOKEN_EXAMPLE, commit, opened, unusable_token};
use crate::settings::Settings;
use auth_domain::{Account, MailKind};
use auth_events::account_changed;
use auth_storage::Addressed;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::StatusCode;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_function::{Context, TraceParent};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// Callers are unknown here: a key is one client's by being unguessable.
const IDEMPOTENCY_SCOPE: &str = "accounts.verification.confirmation";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// The token of the mail. It is good once.
    #[schemars(example = TOKEN_EXAMPLE)]
    token: String,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/accounts/verification/confirmation", verify)
        .named("verifyAddress", "Verify an address")
        .described(
            "Proves with the token of a mail that its reader has the address: the account's, or the one that the account \
            is to have instead, which it has from then on.",
        )
        .answers(Answered::empty(StatusCode::NO_CONTENT, "The address is verified."))
        .refuses([unusable_token(), TransactError::Conflict.into()])
}

pub(crate) async fn verify(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<VerifyRequest>,
) -> Result<Response, Problem> {
    once(&context, IDEMPOTENCY_SCOPE, key, &request.token, async |claim| {
        let kinds = [MailKind::Verification, MailKind::EmailChange];
        let mail = opened(&context, &settings, &request.token, &kinds).await?;
        let (id, at) = (mail.id, context.now());
        let (account, happened) = proved(mail).ok_or_else(unusable_token)?;
        let answer = Answer::empty(StatusCode::NO_CONTENT);
        let guards = [
            auth_storage::hold_account(account.id),
            auth_storage::take_token(id, at),
            // Another account may have taken the wanted address since, or be about to.
            auth_storage::hold_address(&account.email),
            auth_storage::address_is_free(&account),
        ];
        let guarded = guards.len();
        // Mails that went to the old address can no longer prove anything.
        let statements = [
            auth_storage::update(&account, at),
            auth_storage::withdraw(account.id, &[MailKind::Verification, MailKind::Recovery], at),
        ];
        let statements = guards.into_iter().chain(statements).chain(claim.record(&answer)).collect();
        let events = vec![account_changed(&context, &trace, &account, happened)];
        commit(&context, Transaction { consumed_event: None, statements, events }, guarded).await?;
        Ok(answer)
    })
    .await
}

/// The account after the proof, and what happened. None where there is nothing left to be proved.
fn proved(mail: Addressed) -> Option<(Account, &'static str)> {
    match mail.kind {
        MailKind::EmailChange => Some((mail.account.take_new_email()?, "account.email_changed")),
        MailKind::Verification
        | MailKind::Recovery
        | MailKind::AlreadyRegistered
        | MailKind::EmailChangeAsked
        | MailKind::PasswordChanged
        | MailKind::Closed => Some((mail.account.verify(), "account.verified")),
    }
}
