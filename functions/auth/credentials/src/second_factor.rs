//! Checking a code: of an authenticator, or a recovery code.

use auth_domain::{RecoveryCode, TotpSecret};
use auth_storage::{FactorKind, StoredFactor};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_attempts::{Attempt, Limit, Policy, TOO_MANY_ATTEMPTS};
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::UserId;
use mcsp_problem::{Invalid, Problem, Reason};
use mcsp_seal::SealingKeys;

/// A million codes, of which three are right at any time: with one guess in ten minutes it takes six years until one
/// in ten guessers is right.
const CODES: Policy = Policy {
    service: "auth",
    operation: "sign-in",
    name: "factor",
    free_attempts: 10,
    forget_ms: 10 * 60 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: false,
};

/// What a person shows: `P` is what their browser says of a passkey.
pub enum Shown<P> {
    /// What an authenticator shows, or a recovery code.
    Code(String),
    /// A passkey.
    Passkey(P),
}

impl<P> Shown<P> {
    /// One of both fields of a request; 422 for both, and for none.
    pub fn one_of(code: Option<String>, public_key: Option<P>) -> Result<Self, Problem> {
        match (code, public_key) {
            (Some(code), None) => Ok(Shown::Code(code)),
            (None, Some(passkey)) => Ok(Shown::Passkey(passkey)),
            _ => {
                let reason = Reason::new("one_of", "either `code` or `public_key` is needed");
                Err(Invalid::problem_at("", reason))
            }
        }
    }
}

/// Why a code is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It is wrong, or was used.
    #[error("wrong code")]
    Wrong,
    /// Not the caller's doing.
    #[error("the code could not be checked")]
    Failed(Problem),
}

impl From<Problem> for CodeError {
    fn from(problem: Problem) -> Self {
        CodeError::Failed(problem)
    }
}

impl From<CodeError> for Problem {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Wrong => wrong_code(),
            CodeError::Failed(problem) => problem,
        }
    }
}

/// 403: the code is wrong, or was used before.
pub fn wrong_code() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "wrong_code", "the code is wrong, or was used before")
}

/// Counts a code that somebody shows for an account, if they may now. To be taken back when it was right.
pub async fn attempt_code(context: &Context, account: UserId) -> Result<Attempt<1>, Problem> {
    let limit = Limit::new(CODES, &account.to_string());
    let attempt = mcsp_attempts::attempt(context, [limit]).await;
    attempt.map_err(|refused| refused.into_problem(TOO_MANY_ATTEMPTS))
}

/// Checks a code, and gives the statement that takes it: in the transaction of what it is shown for, which fails
/// where another request has taken it.
pub async fn check_code(
    context: &Context,
    keys: &SealingKeys,
    account: UserId,
    code: &str,
) -> Result<GuardedStatement, CodeError> {
    match RecoveryCode::parse(code) {
        Some(code) => {
            let hash = code.hash(account);
            match auth_storage::codes(context.bridge(), account, &hash).await? {
                (true, _) => Ok(auth_storage::take_code(account, &hash)),
                (false, _) => Err(CodeError::Wrong),
            }
        }
        None => check_totp(context, keys, account, code.trim(), context.now()).await,
    }
}

async fn check_totp(
    context: &Context,
    keys: &SealingKeys,
    account: UserId,
    code: &str,
    at: Timestamp,
) -> Result<GuardedStatement, CodeError> {
    for factor in auth_storage::factors(context.bridge(), account).await? {
        if let Some(secret) = secret_of(keys, &factor)?.filter(|_| factor.confirmed_at.is_some())
            && let Some(step) = secret.step_of(code, at)
        {
            return Ok(auth_storage::take_step(factor.id, step, at));
        }
    }
    Err(CodeError::Wrong)
}

/// What the secrets of authenticators are sealed with: the variable `sealing_keys`.
pub fn sealing_keys(context: &Context) -> Result<SealingKeys, MissingVariable> {
    let unusable = MissingVariable("sealing_keys");
    SealingKeys::from_json(context.variable(unusable.0)?).map_err(|_| unusable)
}

/// An authenticator's secret; a passkey has none. One that does not open is our mistake: a key is missing, or the row was
/// changed.
pub fn secret_of(keys: &SealingKeys, factor: &StoredFactor) -> Result<Option<TotpSecret>, Problem> {
    let FactorKind::Totp(sealed_secret) = &factor.kind else { return Ok(None) };
    let opened = keys.open(&auth_storage::seal_place(factor.id), sealed_secret);
    let opened = opened.map_err(|error| Problem::internal(&error))?;
    let secret = TotpSecret::from_bytes(&opened);
    secret.map(Some).ok_or_else(|| Problem::internal(&mcsp_seal::Unopened::Changed))
}
