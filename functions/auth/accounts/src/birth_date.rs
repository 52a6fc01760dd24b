//! `PUT /v1/accounts/me/birth-date`: says when the account's owner was born. It can be said once: who could say it anew would
//! be as old as they like. Nobody checks it, and nobody else is told more than which ages are reached.

use crate::show::{answered, shown};
use auth_credentials::{require_first_party, require_session, step_up_needed};
use auth_domain::{BirthDate, BirthDateTold, InvalidBirthDate};
use auth_events::account_changed;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TellBirthDateRequest {
    /// A day of the Gregorian calendar.
    #[schemars(extend("format" = "date"), example = &"2001-12-31")]
    birth_date: String,
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/accounts/me/birth-date", tell)
        .named("tellBirthDate", "Say when one was born")
        .described(
            "For videos that ask for an age. It can be said once. Others are told the highest age of 12, 16 and 18 that is \
            reached, in access tokens that are issued from now on, and never the date.",
        )
        .requires(Permission::AccountManage)
        .answers(answered("The account, with its date of birth."))
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([Problem::not_found(), Invalid::default().into_problem(), told_before()])
        .refuses([Problem::from(TransactError::Conflict)])
}

pub(crate) async fn tell(
    State(context): State<Context>,
    trace: TraceParent,
    caller: Caller,
    if_match: IfMatch,
    Json(request): Json<TellBirthDateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let now = context.now();
    let birth_date = BirthDate::told(&request.birth_date, now).map_err(invalid)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    // It is for good, so it is for its owner to say; but no reason to ask for the password.
    require_first_party(&context, &caller).await?;
    require_session(&context, &caller).await?;
    if_match.check(account.version)?;
    let version = account.version;
    let account = account.tell_birth_date(birth_date).map_err(|BirthDateTold| told_before())?;
    if account.version == version {
        return Ok(shown(&account));
    }
    let statements = vec![auth_storage::update(&account, now)];
    let events = vec![account_changed(&context, &trace, &account, "account.birth_date_told")];
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(shown(&account)),
        Err(error @ TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => {
            Err(if_match.outdated().unwrap_or_else(|| error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

fn invalid(error: InvalidBirthDate) -> Problem {
    Invalid::problem_at("/birth_date", Reason::new("invalid_birth_date", error.to_string()))
}

fn told_before() -> Problem {
    Problem::new(StatusCode::CONFLICT, "birth_date_told", "another date of birth was told before")
}
