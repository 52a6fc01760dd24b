//! `mcsp.auth.session.ended.v1`, from a timer that each session leaves for each client that was given something in it: the
//! client is sent a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.5), until it takes it, or for a day.

use auth_domain::LogoutUri;
use auth_events::{SESSION_ENDED, SessionEnded};
use auth_storage::clients;
use auth_tokens::{Logout, LogoutTokens};
use axum::extract::{Extension, State};
use http::StatusCode;
use jiff::SignedDuration;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_ids::{AuthSessionId, ClientId, UserId};
use mcsp_problem::Problem;

/// A client that does not answer for so long is told no more.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// It has to take a note. More would hold up the others that are told at the same time.
const DEADLINE_MS: u32 = 5_000;

pub(crate) async fn tell(
    State(context): State<Context>,
    Extension(tokens): Extension<LogoutTokens>,
    received: Received,
) -> Result<Applied, Problem> {
    if received.kind != SESSION_ENDED {
        return Ok(Applied::Ignored);
    }
    let ended: SessionEnded = received.data()?;
    let client = clients::find(context.bridge(), ClientId::from_uuid(ended.client)).await?;
    // It is gone since, or wants to hear no more.
    let Some(client) = client else { return Ok(Applied::Ignored) };
    let Some(address) = client.details.backchannel_logout_uri else { return Ok(Applied::Ignored) };
    if context.now().duration_since(ended.ended_at) > GIVE_UP_AFTER {
        return Err(undelivered());
    }
    let logout = Logout {
        client: client.id,
        account: UserId::from_uuid(ended.account),
        session: AuthSessionId::from_uuid(ended.session),
    };
    let token = tokens.issue(&context, logout).await?;
    send(&context, &address, &token).await?;
    Ok(received.apply(&context, Vec::new(), Vec::new()).await?)
}

async fn send(context: &Context, address: &LogoutUri, token: &str) -> Result<(), Problem> {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cache-control", "no-store")];
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let request = Request {
        target: "clients".to_owned(),
        method: "POST".to_owned(),
        path: address.as_str().to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.into_bytes(),
        // The timer repeats it, with a token of its own.
        idempotent: false,
        deadline_ms: Some(DEADLINE_MS),
    };
    match context.bridge().call(request).await {
        Ok(response) => match response.status {
            200 | 204 => Ok(()),
            // Section 2.8: it could not read the token, or could not sign out. It would say the same again.
            400 => Err(refused()),
            // Also an address that leads elsewhere: its client may mend it.
            status => Err(unavailable().with_detail(status)),
        },
        Err(Failure::Refused(code)) => Err(not_sent().with_detail(code)),
        Err(failure) => Err(failure.into()),
    }
}

fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "client_unavailable",
        "the client does not take the logout now",
    )
}

fn refused() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "logout_refused", "the client refused the logout")
}

fn not_sent() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "logout_not_sent",
        "the logout cannot be sent to the client",
    )
}

fn undelivered() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "logout_undelivered",
        "the client did not take the logout in a day",
    )
}
