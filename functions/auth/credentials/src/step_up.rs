//! What sensitive routes ask for: that the person was authenticated of late, with a second factor where there is one, and is
//! before one of our own applications. Others could take the account over with what they were allowed to look after. What asks
//! for less takes a part of it.

use auth_storage::Protection;
use http::StatusCode;
use jiff::SignedDuration;
use mcsp_access::{Acr, FIRST_PARTY};
use mcsp_function::{Caller, Context, Scheme};
use mcsp_ids::ClientId;
use mcsp_problem::Problem;

/// How long ago a person may have been authenticated for what is sensitive.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// 401 `insufficient_user_authentication` (RFC 9470) where the caller has to step up first, and where their session was ended
/// since: its access token outlives it by minutes, in which a recovered account must not be taken again. 403
/// `first_party_needed` for the applications of others.
///
/// To be asked after the account was read whose next version is written: a session that is ended later is so by who writes a
/// version, too.
pub async fn require_step_up(context: &Context, caller: &Caller) -> Result<(), Problem> {
    require_first_party(context, caller).await?;
    let needed = signed_in(context, caller).await?;
    caller.require_authentication(context.now(), needed, FRESH_FOR)
}

/// The part of [`require_step_up`] that asks for the session of the token, however long ago the person was authenticated there.
pub async fn require_session(context: &Context, caller: &Caller) -> Result<(), Problem> {
    signed_in(context, caller).await?;
    Ok(())
}

/// How [`require_session`] refuses, for the API reference.
pub fn session_needed() -> Problem {
    Caller::insufficient_authentication(Scheme::Bearer, Acr::Two, FRESH_FOR)
}

/// How [`require_step_up`] and [`require_second_factor`] refuse, for the API reference.
pub fn step_up_needed() -> [Problem; 2] {
    [session_needed(), first_party_needed()]
}

/// The same for what shows the password anyway: the second factor must have been shown of late, where there is one.
pub async fn require_second_factor(context: &Context, caller: &Caller) -> Result<(), Problem> {
    require_first_party(context, caller).await?;
    match auth_storage::has_factor(context.bridge(), caller.user()).await? {
        true => caller.require_authentication(context.now(), Acr::Two, FRESH_FOR),
        false => Ok(()),
    }
}

/// What a person of the account is to be known by. The session of the token must be there still.
async fn signed_in(context: &Context, caller: &Caller) -> Result<Acr, Problem> {
    let protection = auth_storage::protection(context.bridge(), caller.user(), caller.claims.sid).await?;
    let Protection { has_factor, is_signed_in } = protection;
    let needed = if has_factor { Acr::Two } else { Acr::One };
    match is_signed_in {
        true => Ok(needed),
        false => Err(Caller::insufficient_authentication(caller.scheme(), needed, FRESH_FOR)),
    }
}

/// The part of [`require_step_up`] that asks for one of our own applications: the platform itself, and clients that are
/// registered as ours.
pub async fn require_first_party(context: &Context, caller: &Caller) -> Result<(), Problem> {
    let client = caller.claims.client_id.as_str();
    if client == FIRST_PARTY {
        return Ok(());
    }
    let registered = match client.parse::<ClientId>() {
        Ok(id) => auth_storage::clients::find(context.bridge(), id).await?,
        Err(_) => None,
    };
    match registered {
        Some(client) if client.details.first_party => Ok(()),
        Some(_) | None => Err(first_party_needed()),
    }
}

fn first_party_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "first_party_needed",
        "only the platform's own applications may do this: send the person there",
    )
}
