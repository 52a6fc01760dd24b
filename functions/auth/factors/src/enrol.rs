//! `POST /v1/factors`: makes a secret for an authenticator. It protects the account once a code of it was shown.
//!
//! It takes no Idempotency-Key: its answer is a secret, which must not be stored in the clear. What a repetition
//! enrols replaces what was not confirmed.

use crate::settings::Settings;
use auth_credentials::{require_step_up, step_up_needed};
use auth_domain::TotpSecret;
use auth_storage::{FACTORS_MAX, StoredFactor, seal_place};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::{RowMismatch, TransactError, Transaction};
use mcsp_function::{Caller, Context};
use mcsp_ids::FactorId;
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const NAME_MAX_CHARS: usize = 64;
const NAME: &str = "Authenticator";

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FactorKind")]
enum Kind {
    /// Time-based codes (RFC 6238).
    Totp,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EnrolFactorRequest")]
pub(crate) struct EnrolRequest {
    /// What it is to be.
    kind: Kind,
    /// What its owner calls it: 1 to 64 characters, by default `Authenticator`.
    #[schemars(example = &"My phone")]
    name: Option<String>,
}

/// A factor whose secret is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EnrolledFactor")]
struct Enrolled {
    id: FactorId,
    /// To be typed into an authenticator: Base32.
    #[schemars(example = &"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// To be scanned by one, as a QR code.
    #[schemars(example = &"otpauth://totp/MCSP:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=MCSP")]
    otpauth_url: String,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/factors", enrol)
        .named("enrolFactor", "Enrol an authenticator")
        .described(
            "Makes a secret for an authenticator. It protects the account once a code of it was shown. What is enrolled \
            replaces what was not confirmed.\n\n\
            It takes no `Idempotency-Key`: its answer is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Enrolled>(StatusCode::CREATED, "The factor, to be confirmed.")
                .with(header::LOCATION)
                .with(header::CACHE_CONTROL),
        )
        // A token may outlive its account by minutes.
        .refuses([step_up_needed(), Problem::not_found(), Invalid::default().into_problem(), too_many()])
        .refuses([Problem::from(TransactError::Conflict)])
}

pub(crate) async fn enrol(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    caller: Caller,
    Json(request): Json<EnrolRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let EnrolRequest { kind: Kind::Totp, name } = request;
    let name = checked(name)?;
    require_step_up(&context, &caller).await?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    let (id, secret): (FactorId, _) = (context.new_id(), TotpSecret::from_random(context.secret()));
    let factor = StoredFactor {
        id,
        name,
        sealed_secret: settings.sealing_keys.seal(&seal_place(id), &context.secret(), secret.as_bytes()),
        created_at: context.now(),
        confirmed_at: None,
        last_used_at: None,
    };
    store(&context, &caller, &factor).await?;
    let otpauth_url = secret.url(&settings.app_name, &account.email).unwrap_or_default();
    let enrolled = Enrolled { id, secret: secret.base32(), otpauth_url };
    let location = format!("/v1/factors/{id}");
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(enrolled)).into_response())
}

fn checked(name: Option<String>) -> Result<String, Problem> {
    let mut invalid = Invalid::default();
    let name = name.unwrap_or_else(|| NAME.to_owned());
    let name = name.trim();
    let length = name.chars().count();
    let named = match (1..=NAME_MAX_CHARS).contains(&length) && !name.chars().any(char::is_control) {
        true => Ok(name.to_owned()),
        false => {
            Err(Reason::new("invalid_name", format!("must have 1 to {NAME_MAX_CHARS} printable characters")))
        }
    };
    invalid.check("/name", named).ok_or_else(|| invalid.into_problem())
}

async fn store(context: &Context, caller: &Caller, factor: &StoredFactor) -> Result<(), Problem> {
    let statements = auth_storage::enrol(caller.user(), factor).into();
    let transaction = Transaction { consumed_event: None, statements, events: Vec::new() };
    match context.bridge().transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 1, .. })) => Err(too_many()),
        Err(error) => Err(error.into()),
    }
}

fn too_many() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_many_factors", "the account has all factors that it can")
        .with_detail(format_args!("{FACTORS_MAX} at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        let name = |text: &str| checked(Some(text.to_owned())).map_err(|problem| problem.code());
        assert_eq!(name("  My phone "), Ok("My phone".to_owned()));
        assert_eq!(checked(None).unwrap(), NAME);
        for bad in ["", "  ", "a\u{0}b", &"x".repeat(65)] {
            assert_eq!(name(bad), Err("validation_failed"), "{bad}");
        }
    }
}
