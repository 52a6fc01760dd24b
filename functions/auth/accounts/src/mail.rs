//! `POST /v1/accounts/verification` and `POST /v1/accounts/recovery`: has a mail sent that proves who reads it.
//!
//! Neither the answer nor its time tells whether the address has an account: the same statements with the same
//! number of rows and one event are committed for each. The mail is sent by whoever reads the event, and to
//! nobody where there is nobody.

use auth_domain::{Email, Mail, MailKind};
use auth_events::mail_requested;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcsp_attempts::{Attempt, Limit, Policy, Told};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_function::{ClientAddress, Context, TraceParent};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// A few at once, and then one in a quarter of an hour: nobody's mailbox is filled by others. Addresses without
/// an account are counted like others. It is not told, since that would show whether others ask too.
const ACCOUNT: Policy = Policy {
    service: "auth",
    operation: "mail",
    name: "account",
    free_attempts: 5,
    forget_ms: 15 * 60 * 1000,
    delay_max_ms: 60 * 60 * 1000,
    is_told: false,
};
const ADDRESS: Policy = Policy {
    service: "auth",
    operation: "mail",
    name: "address",
    free_attempts: 200,
    forget_ms: 10 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: true,
};

pub(crate) const TOO_MANY: Told =
    Told { code: "too_many_mails", title: "too many mails are being asked for: wait before the next" };

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailRequest {
    /// The account's address.
    #[schemars(example = &"ada@example.com")]
    email: String,
}

pub(crate) fn verification_reference() -> Operation {
    asking(Operation::post("/v1/accounts/verification", ask_for_verification))
        .named("requestVerification", "Have an address verified")
        .described(
            "Sends a mail with a token to the address, if it has an account and is not verified yet. Neither the answer \
            nor its time tells whether it has. How many mails an address and a network may ask for is limited.",
        )
}

pub(crate) fn recovery_reference() -> Operation {
    asking(Operation::post("/v1/accounts/recovery", ask_for_recovery))
        .named("requestRecovery", "Have a lost password replaced")
        .described(
            "Sends a mail with a token to the address, if it has an account. Neither the answer nor its time tells \
            whether it has. How many mails an address and a network may ask for is limited.",
        )
}

fn asking(operation: Operation) -> Operation {
    let accepted = "If there is somebody to send it to, a mail is on its way.";
    operation
        .answers(Answered::empty(StatusCode::ACCEPTED, accepted))
        .refuses([Invalid::default().into_problem()])
        .refuses([Problem::from(TOO_MANY)])
}

pub(crate) async fn ask_for_verification(
    context: State<Context>,
    trace: TraceParent,
    asked: (ClientAddress, IdempotencyKey),
    request: Json<MailRequest>,
) -> Result<Response, Problem> {
    ask(context, trace, asked, request, MailKind::Verification).await
}

pub(crate) async fn ask_for_recovery(
    context: State<Context>,
    trace: TraceParent,
    asked: (ClientAddress, IdempotencyKey),
    request: Json<MailRequest>,
) -> Result<Response, Problem> {
    ask(context, trace, asked, request, MailKind::Recovery).await
}

async fn ask(
    State(context): State<Context>,
    trace: TraceParent,
    (address, IdempotencyKey(key)): (ClientAddress, IdempotencyKey),
    Json(request): Json<MailRequest>,
    kind: MailKind,
) -> Result<Response, Problem> {
    let email = email_of(&request.email)?;
    let attempt = counted(&context, &email, address).await?;
    // Callers are unknown here: a key is one client's by being unguessable.
    let scope = format!("accounts.{}", kind.as_str());
    let mut response = once(&context, &scope, key, &email.as_str(), async |claim| {
        let account = auth_storage::account_at(context.bridge(), &email).await?;
        let account = account.filter(|account| kind.may_be_asked_for(account)).map(|account| account.id);
        let mail = Mail::new(context.new_id(), kind, account, context.now());
        let answer = Answer::empty(StatusCode::ACCEPTED);
        let statements = std::iter::once(auth_storage::store(&mail)).chain(claim.record(&answer)).collect();
        let events = vec![mail_requested(&context, &trace, &mail)];
        context.bridge().transact(Transaction { consumed_event: None, statements, events }).await?;
        Ok(answer)
    })
    .await?;
    response.headers_mut().extend(attempt.headers());
    Ok(response)
}

/// Counts a mail to an address, if one may be sent there now.
pub(crate) async fn counted(
    context: &Context,
    email: &Email,
    address: ClientAddress,
) -> Result<Attempt<2>, Problem> {
    let limits = [Limit::new(ACCOUNT, email.as_str()), Limit::of_network(ADDRESS, address)];
    mcsp_attempts::attempt(context, limits).await.map_err(|refused| refused.into_problem(TOO_MANY))
}

/// An address in the field `/email`.
pub(crate) fn email_of(text: &str) -> Result<Email, Problem> {
    let mut invalid = Invalid::default();
    let email = Email::parse(text).map_err(|error| Reason::new(error.code(), error.to_string()));
    invalid.check("/email", email).ok_or_else(|| invalid.into_problem())
}
