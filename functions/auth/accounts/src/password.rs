//! `PUT /v1/accounts/me/password`: changes the password, and signs all other devices out.

use crate::breached::refuse_breached;
use auth_credentials::{require_second_factor, step_up_needed};
use auth_domain::{Account, Mail, MailKind, Password, UnfitPassword};
use auth_events::{account_changed, mail_requested};
use auth_storage::Credential;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_attempts::{Limit, Policy, TOO_MANY_ATTEMPTS};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// Whoever finds a signed-in device does not guess its owner's password: in the long run 144 times a day.
const ATTEMPTS: Policy = Policy {
    service: "auth",
    operation: "password",
    name: "account",
    free_attempts: 10,
    forget_ms: 10 * 60 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: false,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChangePasswordRequest")]
pub(crate) struct ChangeRequest {
    /// The password that the account has.
    #[schemars(example = &"correct horse battery")]
    current_password: String,
    /// The one that it is to have: 12 to 128 characters, none of the commonest passwords, and none that is known to be
    /// stolen where the platform looks for that.
    #[schemars(example = &"staple battery horse")]
    new_password: String,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the current password is another")]
    WrongPassword,
    /// Not the caller's doing.
    #[error("the password could not be changed")]
    Failed(Problem),
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/accounts/me/password", change)
        .named("changePassword", "Change one's own password")
        .described(
            "Changes the password and signs all other devices out. An account with a second factor must have shown it of \
            late.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The password is changed."))
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([Error::WrongPassword.into(), Problem::not_found()])
        .refuses([Invalid::default().into_problem(), TransactError::Conflict.into()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

pub(crate) async fn change(
    State(context): State<Context>,
    trace: TraceParent,
    (caller, if_match): (Caller, IfMatch),
    Json(request): Json<ChangeRequest>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::AccountManage)?;
    require_second_factor(&context, &caller).await?;
    let new = chosen("/new_password", &request.new_password)?;
    let limit = Limit::new(ATTEMPTS, &caller.user().to_string());
    let attempt = mcsp_attempts::attempt(&context, [limit]).await;
    let attempt = attempt.map_err(|refused| refused.into_problem(TOO_MANY_ATTEMPTS))?;
    let known = (&caller, &if_match);
    let changed = change_checked(&context, &trace, known, &request.current_password, &new).await;
    if !matches!(changed, Err(Error::WrongPassword)) {
        attempt.take_back(&context).await;
    }
    changed?;
    Ok(StatusCode::NO_CONTENT)
}

/// A password that somebody chooses; what is wrong with it stands at `pointer`.
pub(crate) fn chosen(pointer: &str, text: &str) -> Result<Password, Problem> {
    Password::choose(text).map_err(|error| unfit(pointer, error))
}

/// 422 for a password that nobody may choose.
pub(crate) fn unfit(pointer: &str, error: UnfitPassword) -> Problem {
    Invalid::problem_at(pointer, Reason::new(error.code(), error.to_string()))
}

/// The mail that tells of a new password; and the statements that store it, and take back what the old
/// password's owner could still use.
pub(crate) fn password_mails(context: &Context, account: &Account) -> (Mail, [GuardedStatement; 2]) {
    let at = context.now();
    let notice = Mail::new(context.new_id(), MailKind::PasswordChanged, Some(account.id), at);
    let withdraw = auth_storage::withdraw(account.id, &[MailKind::Recovery], at);
    let store = auth_storage::store(&notice);
    (notice, [withdraw, store])
}

async fn change_checked(
    context: &Context,
    trace: &TraceParent,
    (caller, if_match): (&Caller, &IfMatch),
    current: &str,
    new: &Password,
) -> Result<(), Error> {
    let bridge = context.bridge();
    let current = Password::attempt(current).map_err(|_| Error::WrongPassword)?;
    let found = auth_storage::credential_of(bridge, caller.user()).await?;
    // A token may outlive its account by minutes.
    let Credential { account, phc } = found.ok_or_else(Problem::not_found)?;
    if_match.check(account.version)?;
    let verdict = bridge.verify_password(current.reveal().to_owned(), Some(phc.clone())).await;
    match verdict.map_err(Problem::from)? {
        Verdict::Right | Verdict::RightButOutdated => {}
        Verdict::Wrong => return Err(Error::WrongPassword),
    }
    refuse_breached(context, trace, "/new_password", new).await?;
    let hashed = bridge.hash_password(new.reveal().to_owned()).await.map_err(Problem::from)?;
    let at = context.now();
    let account = account.change_password();
    let (notice, [withdraw, store]) = password_mails(context, &account);
    let statements = vec![
        // Before the sessions are ended, so that no sign-in with the old password begins one after that.
        auth_storage::set_password(account.id, &hashed, Some(&phc), at),
        auth_storage::update(&account, at),
        auth_storage::end_all(account.id, caller.claims.sid),
        withdraw,
        store,
    ];
    let events = vec![
        account_changed(context, trace, &account, "account.password_changed"),
        mail_requested(context, trace, &notice),
    ];
    match bridge.transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(row)) => Err(outdated(row, if_match)),
        Err(error) => Err(Error::Failed(error.into())),
    }
}

/// Another request was first: it has changed the password, or something else of the account.
fn outdated(row: RowMismatch, if_match: &IfMatch) -> Error {
    match if_match.outdated() {
        Some(stale) => Error::Failed(stale),
        None if row.statement == 0 => Error::WrongPassword,
        None => Error::Failed(TransactError::UnexpectedRows(row).into()),
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error::Failed(problem)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            // Not a 401: the token is good.
            Error::WrongPassword => {
                Problem::new(StatusCode::FORBIDDEN, "wrong_password", "the password is another")
            }
            Error::Failed(problem) => problem,
        }
    }
}
