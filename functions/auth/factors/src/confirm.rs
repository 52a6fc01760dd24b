//! `POST /v1/factors/{id}/confirmation`: the first code of an authenticator, or the passkey that was made. From then on
//! it protects the account.
//!
//! With the first factor come the recovery codes, which are shown this once.

use crate::codes::{Codes, new_codes};
use crate::settings::Settings;
use auth_credentials::{
    PasskeyError, Purpose, Shown, answered_challenge, attempt_code, require_step_up, secret_of,
    step_up_needed, wrong_code, wrong_passkey,
};
use auth_domain::Account;
use auth_events::account_changed;
use auth_passkeys::RegistrationResponse;
use auth_storage::{PASSKEY_IS_KNOWN, StoredFactor};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_attempts::TOO_MANY_ATTEMPTS;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::FactorId;
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// One of both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConfirmFactorRequest", extend("examples" = [{"code": "492039"}]))]
pub(crate) struct ConfirmRequest {
    /// What the authenticator shows.
    #[schemars(example = &"492039")]
    code: Option<String>,
    /// What the browser has made: the credential's `toJSON()`.
    public_key: Option<RegistrationResponse>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/factors/{id}/confirmation", confirm)
        .named("confirmFactor", "Confirm an authenticator or a passkey")
        .described(
            "Shows the first code of an authenticator, or the passkey that the browser has made. It protects the account \
            from then on. With the first factor come the recovery codes; with others the list is empty. It takes no \
            `Idempotency-Key`: its answer is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Codes>(StatusCode::OK, "The factor is confirmed.").with(header::CACHE_CONTROL),
        )
        .refuses(step_up_needed())
        .refuses([wrong_code(), wrong_passkey(), passkey_is_known(), Problem::not_found()])
        .refuses([Invalid::default().into_problem(), TransactError::Conflict.into()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

pub(crate) async fn confirm(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    (caller, Path(id)): (Caller, Path<FactorId>),
    Json(request): Json<ConfirmRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let shown = Shown::one_of(request.code, request.public_key)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?.change_factors();
    require_step_up(&context, &caller).await?;
    let factors = auth_storage::factors(context.bridge(), caller.user()).await?;
    let is_first = factors.iter().all(|factor| factor.confirmed_at.is_none());
    let found = factors.into_iter().find(|factor| factor.id == id && factor.confirmed_at.is_none());
    let factor = found.ok_or_else(Problem::not_found)?;
    let confirmed = match shown {
        Shown::Code(code) => by_code(&context, &settings, &caller, &factor, &code).await?,
        Shown::Passkey(made) => by_passkey(&context, &settings, &caller, &factor, &made)?,
    };
    let codes = is_first.then(|| new_codes(&context, caller.user()));
    store(&context, &trace, &account, confirmed, codes.as_ref()).await?;
    let shown = codes.map(|codes| codes.shown).unwrap_or_default();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Codes { recovery_codes: shown })).into_response())
}

/// Checks a code, and gives the statement that confirms its authenticator.
async fn by_code(
    context: &Context,
    settings: &Settings,
    caller: &Caller,
    factor: &StoredFactor,
    code: &str,
) -> Result<Vec<GuardedStatement>, Problem> {
    let attempt = attempt_code(context, caller.user()).await?;
    let secret = secret_of(&settings.sealing_keys, factor)?.ok_or_else(wrong_code)?;
    let step = secret.step_of(code.trim(), context.now()).ok_or_else(wrong_code)?;
    attempt.take_back(context).await;
    Ok(vec![auth_storage::confirm(caller.user(), factor.id, step, context.now())])
}

/// Checks a passkey that was made, and gives the statements that confirm its factor and use its challenge up.
fn by_passkey(
    context: &Context,
    settings: &Settings,
    caller: &Caller,
    factor: &StoredFactor,
    made: &RegistrationResponse,
) -> Result<Vec<GuardedStatement>, PasskeyError> {
    let purpose = Purpose::Enrol(factor.id);
    let answered = answered_challenge(context, settings.tokens.secret(), purpose, made.challenge())?;
    let passkey = settings.relying_party.register(&answered.challenge, made)?;
    let confirm = auth_storage::confirm_passkey(caller.user(), factor.id, &passkey, context.now());
    Ok(std::iter::once(confirm).chain(answered.take).collect())
}

/// The first of `confirmed` confirms the factor.
async fn store(
    context: &Context,
    trace: &TraceParent,
    account: &Account,
    confirmed: Vec<GuardedStatement>,
    codes: Option<&crate::codes::NewCodes>,
) -> Result<(), Problem> {
    let at = context.now();
    let mut statements = vec![auth_storage::hold_account(account.id)];
    statements.extend(confirmed);
    statements.push(auth_storage::update(account, at));
    if let Some(codes) = codes {
        statements.extend(auth_storage::replace_codes(account.id, codes.hashes.clone()));
    }
    let events = vec![account_changed(context, trace, account, "account.factor_added")];
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        // Another request has confirmed or replaced it meanwhile.
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 1, .. })) => Err(Problem::not_found()),
        Err(TransactError::ConstraintViolated(violation)) if violation.constraint == PASSKEY_IS_KNOWN => {
            Err(passkey_is_known())
        }
        Err(error) => Err(error.into()),
    }
}

/// No authenticator makes the same one twice, so this is somebody else's, sent by somebody who knows it.
fn passkey_is_known() -> Problem {
    Problem::new(StatusCode::CONFLICT, "passkey_exists", "the passkey belongs to an account already")
}
