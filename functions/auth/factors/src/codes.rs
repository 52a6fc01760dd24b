//! `/v1/factors/recovery-codes`: how many are left, and new ones in the place of all.

use auth_credentials::{require_step_up, step_up_needed};
use auth_domain::{RECOVERY_CODES, RecoveryCode};
use auth_events::account_changed;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

/// Recovery codes, for their owner to write down: they are shown once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecoveryCodes")]
pub(crate) struct Codes {
    /// Each stands in once for a code of an authenticator.
    #[schemars(example = ["k7qp-2mzd-x4va-9thc"])]
    pub(crate) recovery_codes: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RemainingRecoveryCodes")]
struct Remaining {
    /// How many have not been used.
    #[schemars(example = 10)]
    remaining: i64,
}

/// New codes, and what is stored of them.
pub(crate) struct NewCodes {
    pub(crate) shown: Vec<String>,
    pub(crate) hashes: Vec<String>,
}

/// Makes all codes of an account.
pub(crate) fn new_codes(context: &Context, account: UserId) -> NewCodes {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| RecoveryCode::from_random(context.secret())).collect();
    NewCodes {
        shown: codes.iter().map(RecoveryCode::reveal).collect(),
        hashes: codes.iter().map(|code| code.hash(account)).collect(),
    }
}

pub(crate) fn count_reference() -> Operation {
    Operation::get("/v1/factors/recovery-codes", count)
        .named("countRecoveryCodes", "Count one's own recovery codes")
        .described("How many recovery codes are left. What they are is shown only when they are made.")
        .requires(Permission::AccountManage)
        .answers(Answer::json::<Remaining>(StatusCode::OK, "How many are left.").with(header::CACHE_CONTROL))
}

pub(crate) fn replace_reference() -> Operation {
    Operation::post("/v1/factors/recovery-codes", replace)
        .named("replaceRecoveryCodes", "Make new recovery codes")
        .described(
            "Makes new recovery codes in the place of all that the account has. It takes no `Idempotency-Key`: its answer \
            is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Codes>(StatusCode::CREATED, "The codes, shown this once.").with(header::CACHE_CONTROL),
        )
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([no_second_factor(), Problem::not_found(), TransactError::Conflict.into()])
}

pub(crate) async fn count(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let (_, remaining) = auth_storage::codes(context.bridge(), caller.user(), "").await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Remaining { remaining })).into_response())
}

/// It takes no Idempotency-Key: its answer is a secret, which must not be stored.
pub(crate) async fn replace(
    State(context): State<Context>,
    trace: TraceParent,
    caller: Caller,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?.change_factors();
    require_step_up(&context, &caller).await?;
    if !auth_storage::has_factor(context.bridge(), caller.user()).await? {
        return Err(no_second_factor());
    }
    let codes = new_codes(&context, account.id);
    let mut statements = vec![auth_storage::update(&account, context.now())];
    statements.extend(auth_storage::replace_codes(account.id, codes.hashes));
    let events = vec![account_changed(&context, &trace, &account, "account.recovery_codes_replaced")];
    context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
    let shown = Json(Codes { recovery_codes: codes.shown });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], shown).into_response())
}

fn no_second_factor() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no_second_factor",
        "recovery codes stand in for an authenticator, and the account has none",
    )
}
