//! `POST /v1/factors/{id}/confirmation`: the first code of an authenticator. From then on it protects the account.
//!
//! With the first authenticator come the recovery codes, which are shown this once.

use crate::codes::{Codes, new_codes};
use crate::settings::Settings;
use auth_credentials::{attempt_code, require_step_up, secret_of, step_up_needed, wrong_code};
use auth_events::account_changed;
use auth_limits::TOO_MANY_ATTEMPTS;
use auth_storage::StoredFactor;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::FactorId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConfirmFactorRequest")]
pub(crate) struct ConfirmRequest {
    /// What the authenticator shows.
    #[schemars(example = &"492039")]
    code: String,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/factors/{id}/confirmation", confirm)
        .named("confirmFactor", "Confirm an authenticator")
        .described(
            "Shows the first code of an authenticator, which protects the account from then on. With the first \
            authenticator come the recovery codes; with others the list is empty. It takes no `Idempotency-Key`: its \
            answer is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Codes>(StatusCode::OK, "The factor is confirmed.").with(header::CACHE_CONTROL),
        )
        .refuses([step_up_needed(), wrong_code(), Problem::not_found(), TransactError::Conflict.into()])
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
    require_step_up(&context, &caller).await?;
    let factors = auth_storage::factors(context.bridge(), caller.user()).await?;
    let is_first = factors.iter().all(|factor| factor.confirmed_at.is_none());
    let found = factors.into_iter().find(|factor| factor.id == id && factor.confirmed_at.is_none());
    let factor = found.ok_or_else(Problem::not_found)?;
    let attempt = attempt_code(&context, caller.user()).await?;
    let step = secret_of(&settings.sealing_keys, &factor)?
        .step_of(request.code.trim(), context.now())
        .ok_or_else(wrong_code)?;
    attempt.take_back(&context).await;
    let codes = is_first.then(|| new_codes(&context, caller.user()));
    store(&context, &trace, &caller, (&factor, step), codes.as_ref()).await?;
    let shown = codes.map(|codes| codes.shown).unwrap_or_default();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Codes { recovery_codes: shown })).into_response())
}

async fn store(
    context: &Context,
    trace: &TraceParent,
    caller: &Caller,
    (factor, step): (&StoredFactor, i64),
    codes: Option<&crate::codes::NewCodes>,
) -> Result<(), Problem> {
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?.change_factors();
    let at = context.now();
    let mut statements =
        vec![auth_storage::confirm(account.id, factor.id, step, at), auth_storage::update(&account, at)];
    if let Some(codes) = codes {
        statements.extend(auth_storage::replace_codes(account.id, codes.hashes.clone()));
    }
    let events = vec![account_changed(context, trace, &account, "account.factor_added")];
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        // Another request has confirmed or replaced it meanwhile.
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => Err(Problem::not_found()),
        Err(error) => Err(error.into()),
    }
}
