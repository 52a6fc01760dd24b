//! `POST /v1/factors`: makes a secret for an authenticator, or a challenge for a passkey. It protects the account once it
//! was shown.
//!
//! It takes no Idempotency-Key: its answer is a secret, which must not be stored in the clear. What a repetition
//! enrols replaces what was not confirmed.

use crate::settings::Settings;
use auth_credentials::{Purpose, passkey_challenge, require_step_up, step_up_needed};
use auth_domain::{Account, TotpSecret};
use auth_passkeys::{CreationOptions, NewPasskey};
use auth_storage::{FACTORS_MAX, FactorKind, StoredFactor, seal_place};
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

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FactorKind")]
enum Kind {
    /// Time-based codes (RFC 6238).
    Totp,
    /// A passkey (WebAuthn), by which one also signs in without the password.
    Passkey,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::Totp => "Authenticator",
            Kind::Passkey => "Passkey",
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EnrolFactorRequest")]
pub(crate) struct EnrolRequest {
    /// What it is to be.
    kind: Kind,
    /// What its owner calls it: 1 to 64 characters, by default `Authenticator` or `Passkey`.
    #[schemars(example = &"My phone")]
    name: Option<String>,
}

/// A factor, with what is shown this once to make it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EnrolledFactor")]
struct Enrolled {
    id: FactorId,
    /// Of `totp`: to be typed into an authenticator, in Base32.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: Option<String>,
    /// Of `totp`: to be scanned by one, as a QR code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"otpauth://totp/MCSP:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=MCSP")]
    otpauth_url: Option<String>,
    /// Of `passkey`: what the browser is to make it with, `PublicKeyCredential.parseCreationOptionsFromJSON`.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<CreationOptions>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/factors", enrol)
        .named("enrolFactor", "Enrol an authenticator or a passkey")
        .described(
            "Makes a secret for an authenticator, or a challenge for a passkey, which is to be answered within five \
            minutes. It protects the account once it was shown. What is enrolled replaces what was not confirmed.\n\n\
            It takes no `Idempotency-Key`: its answer is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Enrolled>(StatusCode::CREATED, "The factor, to be confirmed.")
                .with(header::LOCATION)
                .with(header::CACHE_CONTROL),
        )
        .refuses(step_up_needed())
        // A token may outlive its account by minutes.
        .refuses([Problem::not_found(), Invalid::default().into_problem(), too_many()])
        .refuses([Problem::from(TransactError::Conflict)])
}

pub(crate) async fn enrol(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    caller: Caller,
    Json(request): Json<EnrolRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let EnrolRequest { kind, name } = request;
    let name = checked(name, kind)?;
    require_step_up(&context, &caller).await?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    let id = context.new_id();
    let (kind, enrolled) = match kind {
        Kind::Totp => totp(&context, &settings, &account, id),
        Kind::Passkey => passkey(&context, &settings, &account, id).await?,
    };
    let created_at = context.now();
    let factor = StoredFactor { id, name, kind, created_at, confirmed_at: None, last_used_at: None };
    store(&context, &caller, &factor).await?;
    let location = format!("/v1/factors/{id}");
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(enrolled)).into_response())
}

fn totp(context: &Context, settings: &Settings, account: &Account, id: FactorId) -> (FactorKind, Enrolled) {
    let secret = TotpSecret::from_random(context.secret());
    let sealed = settings.sealing_keys.seal(&seal_place(id), &context.secret(), secret.as_bytes());
    let otpauth_url = secret.url(&settings.app_name, &account.email);
    let enrolled = Enrolled { id, secret: Some(secret.base32()), otpauth_url, public_key: None };
    (FactorKind::Totp(sealed), enrolled)
}

async fn passkey(
    context: &Context,
    settings: &Settings,
    account: &Account,
    id: FactorId,
) -> Result<(FactorKind, Enrolled), Problem> {
    let others = auth_storage::passkeys(context.bridge(), account.id).await?;
    let challenge = passkey_challenge(context, settings.tokens.secret(), Purpose::Enrol(id));
    let options = settings.relying_party.creation_options(NewPasskey {
        account: account.id.uuid().as_bytes(),
        email: account.email.as_str(),
        app_name: &settings.app_name,
        others: &others,
        challenge: &challenge,
    });
    let enrolled = Enrolled { id, secret: None, otpauth_url: None, public_key: Some(options) };
    Ok((FactorKind::Passkey(None), enrolled))
}

fn checked(name: Option<String>, kind: Kind) -> Result<String, Problem> {
    let mut invalid = Invalid::default();
    let name = name.unwrap_or_else(|| kind.name().to_owned());
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
    let transaction = Transaction::of(statements);
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
        let name = |text: &str| checked(Some(text.to_owned()), Kind::Totp).map_err(|problem| problem.code());
        assert_eq!(name("  My phone "), Ok("My phone".to_owned()));
        assert_eq!(checked(None, Kind::Totp).unwrap(), "Authenticator");
        assert_eq!(checked(None, Kind::Passkey).unwrap(), "Passkey");
        for bad in ["", "  ", "a\u{0}b", &"x".repeat(65)] {
            assert_eq!(name(bad), Err("validation_failed"), "{bad}");
        }
    }
}
