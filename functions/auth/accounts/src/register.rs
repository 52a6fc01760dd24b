//! `POST /v1/accounts`: registers an account, and never tells whether the address had one before.
//!
//! For an address that is registered already the answer has the same status, the same fields and an id that
//! names nothing, after the same work: the password is hashed first, and either way one read and one commit
//! follow. Who owns the address signs in as ever, and learns of the attempt by mail.
//!
//! How often one network address may register is limited, because hashing is work that sign-ins wait for too.

use crate::breached::refuse_breached;
use crate::settings::Settings;
use crate::show::STATES;
use auth_domain::{Account, Email, Mail, MailKind, Password, Registration};
use auth_events::{account_changed, mail_requested};
use auth_storage::RegisterError;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_attempts::{Attempt, Limit, Refused, Told};
use mcsp_bridge_api::postgres::{GuardedStatement, Transaction};
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_ids::UserId;
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The owner of an address hears of attempts to register it again once in this time, however many there are.
pub(crate) const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

const TOO_MANY: Told = Told {
    code: "too_many_registrations",
    title: "too many accounts are being registered from this address: wait before the next",
};

/// Callers are unknown here: a key is one client's by being unguessable.
const IDEMPOTENCY_SCOPE: &str = "accounts.register";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    /// What the account will sign in with: an address in ASCII, of 254 characters at most. Capital letters do not
    /// matter.
    #[schemars(example = &"ada@example.com")]
    email: String,
    /// 12 to 128 characters, none of the commonest passwords, and none that is known to be stolen where the platform
    /// looks for that.
    #[schemars(example = &"correct horse battery")]
    password: String,
    /// What the account is to be.
    #[serde(default)]
    role: OpenRole,
}

/// The roles that anybody can take.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OpenRole {
    /// Watches.
    #[default]
    Viewer,
    /// Uploads and publishes, and watches.
    Creator,
}

impl From<OpenRole> for Role {
    fn from(role: OpenRole) -> Self {
        match role {
            OpenRole::Viewer => Role::Viewer,
            OpenRole::Creator => Role::Creator,
        }
    }
}

/// What a repetition under the same key must have in common with the first request. The password is left out:
/// not even a digest of it may be stored, but the one that argon2id makes.
#[derive(Serialize)]
struct Fingerprint<'a> {
    email: &'a str,
    role: OpenRole,
}

/// The answer. It is kept for repetitions of the request, so the address is not in it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RegisteredAccount")]
struct Registered<'a> {
    id: UserId,
    /// What the account may do.
    roles: &'a [Role],
    /// Where the account's data lives.
    #[schemars(example = &"eu")]
    region: &'a str,
    /// Whether the account may be used.
    #[schemars(extend("enum" = STATES))]
    state: &'static str,
    /// When it was registered.
    created_at: Timestamp,
}

impl<'a> From<&'a Account> for Registered<'a> {
    fn from(account: &'a Account) -> Self {
        let Account { id, roles, region, state, created_at, .. } = account;
        Registered { id: *id, roles, region, state: state.as_str(), created_at: *created_at }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/accounts", register)
        .named("registerAccount", "Register an account")
        .described(
            "Nobody learns from the answer whether the address had an account before: then it looks the same, and its \
            `id` names nothing. The owner of the address signs in as ever, and learns of it by mail. Who registers gets a \
            mail with a token that verifies the address.\n\n\
            How many accounts one network may register is limited; `RateLimit` tells of that limit as `address`.",
        )
        .answers(
            Answered::json::<Registered<'_>>(StatusCode::CREATED, "The account, if the address had none.")
                .with(header::LOCATION),
        )
        .refuses([Invalid::default().into_problem()])
        .refuses([Problem::from(TOO_MANY)])
}

pub(crate) async fn register(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    (address, IdempotencyKey(key)): (ClientAddress, IdempotencyKey),
    Json(request): Json<RegisterRequest>,
) -> Result<Response, Problem> {
    let role = request.role;
    let (email, password) = checked(&request)?;
    let attempt = counted(&context, Limit::of_network(settings.registrations, address)).await?;
    let fingerprint = Fingerprint { email: email.as_str(), role };
    let answered = once(&context, IDEMPOTENCY_SCOPE, key, &fingerprint, async |claim| {
        refuse_breached(&context, &trace, "/password", &password).await?;
        let phc = context.bridge().hash_password(password.reveal().to_owned()).await?;
        let registration = Registration {
            id: context.new_id(),
            email: email.clone(),
            role: role.into(),
            region: settings.region.to_string(),
        };
        let account = Account::register(registration, context.now());
        let answer = Answer::json(StatusCode::CREATED, &Registered::from(&account))
            .with_header(header::LOCATION, "/v1/accounts/me");
        store(&context, &trace, &account, &phc, claim.record(&answer)).await?;
        Ok(answer)
    });
    let answered = answered.await;
    let failed = answered.as_ref().is_err_and(|problem| problem.status().is_server_error());
    let mut response = answered.into_response();
    if let Some(attempt) = attempt {
        response.headers_mut().extend(attempt.headers());
        // What we could not do is no fault of a whole network.
        if failed {
            attempt.take_back(&context).await;
        }
    }
    Ok(response)
}

/// Counts a registration. While Redis can't count, registering goes on: nothing is guessed by it, and the queue
/// before the hashing bounds what it costs.
async fn counted(context: &Context, limit: Limit) -> Result<Option<Attempt<1>>, Problem> {
    match mcsp_attempts::attempt(context, [limit]).await {
        Ok(attempt) => Ok(Some(attempt)),
        Err(Refused::TooMany(refusal)) => Err(refusal.into_problem(TOO_MANY)),
        Err(Refused::Unavailable(_)) => Ok(None),
    }
}

fn checked(request: &RegisterRequest) -> Result<(Email, Password), Problem> {
    let mut invalid = Invalid::default();
    let email = Email::parse(&request.email).map_err(|error| Reason::new(error.code(), error.to_string()));
    let password =
        Password::choose(&request.password).map_err(|error| Reason::new(error.code(), error.to_string()));
    match (invalid.check("/email", email), invalid.check("/password", password)) {
        (Some(email), Some(password)) => Ok((email, password)),
        _ => Err(invalid.into_problem()),
    }
}

/// One read and one commit, whether the address is new or not; and a mail to whoever has it.
async fn store(
    context: &Context,
    trace: &TraceParent,
    account: &Account,
    phc: &str,
    record: Option<GuardedStatement>,
) -> Result<(), Problem> {
    let (bridge, at) = (context.bridge(), account.created_at);
    let taken = auth_storage::registered(bridge, &account.email, at - TOLD_AGAIN_AFTER).await?;
    if taken.is_none() {
        let mail = Mail::new(context.new_id(), MailKind::Verification, Some(account.id), at);
        let registered = account_changed(context, trace, account, "account.registered");
        let events = vec![registered, mail_requested(context, trace, &mail)];
        let more = std::iter::once(auth_storage::store(&mail)).chain(record.clone()).collect();
        match auth_storage::register(bridge, account, phc, more, events).await {
            Ok(()) => return Ok(()),
            // Somebody was faster: from here on it is an address that was registered before.
            Err(RegisterError::EmailTaken) => {}
            Err(RegisterError::Failed(error)) => return Err(error.into()),
        }
    }
    let told = taken.filter(|taken| taken.is_to_be_told).map(|taken| taken.account);
    let mail = Mail::new(context.new_id(), MailKind::AlreadyRegistered, told, at);
    let note = auth_storage::note_repetition(&account.email, at);
    let statements = [note, auth_storage::store(&mail)].into_iter().chain(record).collect();
    let events = vec![mail_requested(context, trace, &mail)];
    bridge.transact(Transaction { consumed_event: None, statements, events }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(email: &str, password: &str) -> Option<&'static str> {
        let request =
            RegisterRequest { email: email.into(), password: password.into(), role: OpenRole::default() };
        checked(&request).err().map(|problem| problem.code())
    }

    #[test]
    fn both_fields_are_checked() {
        assert_eq!(refusal("ada@example.com", "correct horse"), None);
        for (email, password) in [("ada", "correct horse"), ("ada@example.com", "password1234"), ("", "")] {
            assert_eq!(refusal(email, password), Some("validation_failed"));
        }
    }

    #[test]
    fn nobody_can_take_a_role_that_is_given_by_others() {
        let request = |role: &str| {
            serde_json::from_value::<RegisterRequest>(
                serde_json::json!({"email": "a@b.co", "password": "x", "role": role}),
            )
        };
        assert!(request("creator").is_ok() && request("viewer").is_ok());
        for role in ["admin", "moderator", "service", "Creator", ""] {
            assert!(request(role).is_err(), "{role}");
        }
    }
}
