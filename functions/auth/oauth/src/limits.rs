//! How often anybody may guess.

use crate::error::OAuthError;
use mcsp_attempts::{Attempt, Limit, Policy, Refused, TOO_MANY_ATTEMPTS};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Problem;

/// Refused secrets, codes and refresh tokens. None of them can be guessed, so this keeps off noise, and while Redis
/// is down it keeps off nothing.
const REFUSALS: Policy = Policy {
    service: "auth",
    operation: "token",
    name: "address",
    free_attempts: 300,
    forget_ms: 1_000,
    delay_max_ms: 60_000,
    is_told: false,
};
/// The codes that people type have 34 bits (RFC 8628 section 5.1). Ten thousand networks that try on for the ten
/// minutes of a code would find one in 5 000.
const USER_CODES: Policy = Policy {
    service: "auth",
    operation: "user-code",
    name: "address",
    free_attempts: 20,
    forget_ms: 60_000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: false,
};

/// Devices that wait: each takes room in Redis for ten minutes, and nobody has to prove anything to make one.
const DEVICES: Policy = Policy {
    service: "auth",
    operation: "device-authorization",
    name: "address",
    free_attempts: 60,
    forget_ms: 10_000,
    delay_max_ms: 60_000,
    is_told: false,
};

/// Requests that public clients push: the same, for as long.
const PUSHED: Policy = Policy { operation: "pushed-request", ..DEVICES };

/// How those are refused who tried too often, for the API reference.
pub(crate) fn too_many() -> OAuthError {
    Problem::from(TOO_MANY_ATTEMPTS).into()
}

/// Counts what was refused.
pub(crate) async fn count_refusal(context: &Context, address: ClientAddress) -> Result<(), Problem> {
    match mcsp_attempts::attempt(context, [Limit::of_network(REFUSALS, address)]).await {
        Ok(_) | Err(Refused::Unavailable(_)) => Ok(()),
        Err(Refused::TooMany(too_many)) => Err(too_many.into_problem(TOO_MANY_ATTEMPTS)),
    }
}

/// Counts a device that begins to wait.
pub(crate) async fn device(context: &Context, address: ClientAddress) -> Result<(), Problem> {
    counted(context, DEVICES, address).await.map(drop)
}

/// Counts a request that a public client pushes.
pub(crate) async fn push(context: &Context, address: ClientAddress) -> Result<(), Problem> {
    counted(context, PUSHED, address).await.map(drop)
}

/// Counts that somebody types a user code. To be taken back when there is one.
pub(crate) async fn user_code(context: &Context, address: ClientAddress) -> Result<Attempt<1>, Problem> {
    counted(context, USER_CODES, address).await
}

async fn counted(context: &Context, policy: Policy, address: ClientAddress) -> Result<Attempt<1>, Problem> {
    let attempt = mcsp_attempts::attempt(context, [Limit::of_network(policy, address)]).await;
    attempt.map_err(|refused| refused.into_problem(TOO_MANY_ATTEMPTS))
}
