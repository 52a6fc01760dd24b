//! Tokens from mails: what they open, and what is answered where they do not.

use crate::settings::Settings;
use auth_domain::MailKind;
use auth_storage::{ADDRESS_IS_TAKEN, Addressed};
use http::StatusCode;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_function::Context;
use mcsp_problem::Problem;

/// What a token looks like.
pub(crate) const TOKEN_EXAMPLE: &str = "AZrbIhyAcACAAAAAAAAAAVDYWOCYXsx_YEGKrwzFq1h_QsJXCohAlanozKzQ9lRc";

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

/// Commits what a token is good for. Its first `guards` statements hold only while it is good for that, and use it up.
pub(crate) async fn commit(
    context: &Context,
    transaction: Transaction,
    guards: usize,
) -> Result<(), Problem> {
    match context.bridge().transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. }))
            if (statement as usize) < guards =>
        {
            Err(unusable_token())
        }
        // A component of before has registered the address at this moment, and did not hold it.
        Err(TransactError::ConstraintViolated(violation)) if violation.constraint == ADDRESS_IS_TAKEN => {
            Err(unusable_token())
        }
        Err(error) => Err(error.into()),
    }
}

/// Not a token, used, expired, withdrawn, or for an address that another account has by now: which one, only its receiver
/// could make use of.
pub(crate) fn unusable_token() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "unusable_mail_token",
        "the token is wrong, was used, or has expired: have another mail sent",
    )
}
