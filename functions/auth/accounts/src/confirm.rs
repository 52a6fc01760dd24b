//! Tokens from mails: what they open, and what is answered where they do not.

use crate::settings::Settings;
use auth_domain::MailKind;
use auth_storage::Addressed;
use axum::response::Response;
use http::StatusCode;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_function::Context;
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_problem::Problem;
use serde::Serialize;

/// What a token looks like.
pub(crate) const TOKEN_EXAMPLE: &str = "AZrbIhyAcACAAAAAAAAAAVDYWOCYXsx_YEGKrwzFq1h_QsJXCohAlanozKzQ9lRc";

/// Does the work once for each key. Callers are unknown here: a key is one client's by being unguessable.
pub(crate) async fn once_for<R: Serialize>(
    context: &Context,
    kind: MailKind,
    IdempotencyKey(key): IdempotencyKey,
    request: &R,
    work: impl AsyncFnOnce(Claim) -> Result<Answer, Problem>,
) -> Result<Response, Problem> {
    once(context, &format!("accounts.{}", kind.as_str()), key, request, work).await
}

/// The mail that a token is of, if it is one of these kinds and the token still good.
pub(crate) async fn opened(
    context: &Context,
    settings: &Settings,
    token: &str,
    kinds: &[MailKind],
) -> Result<Addressed, Problem> {
    let (id, kind) = settings.mail_tokens.open(token, kinds).ok_or_else(unusable_token)?;
    let found = auth_storage::mail(context.bridge(), id, context.now()).await?;
    found.filter(|mail| mail.kind == kind).ok_or_else(unusable_token)
}

/// Commits what a token is good for. Its first statement uses the token up.
pub(crate) async fn commit(context: &Context, transaction: Transaction) -> Result<(), Problem> {
    match context.bridge().transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => Err(unusable_token()),
        Err(error) => Err(error.into()),
    }
}

/// Not a token, used, expired, or withdrawn: which one, only its receiver could make use of.
pub(crate) fn unusable_token() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "unusable_mail_token",
        "the token is wrong, was used, or has expired: have another mail sent",
    )
}
