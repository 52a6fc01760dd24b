//! `auth.mail.requested`: sends a mail, once.
//!
//! Whoever takes mails to be sent gets the event's id as `Idempotency-Key`: an event that comes again, because
//! this died between sending and committing, sends nothing a second time.

use crate::Settings;
use crate::letter::{Letter, write};
use auth_events::{MAIL_REQUESTED, MailRequested};
use axum::extract::{Extension, State};
use http::StatusCode;
use mcsp_bridge_api::services::Request;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;

pub(crate) async fn send(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    received: Received,
) -> Result<Applied, Problem> {
    if received.kind != MAIL_REQUESTED {
        return Ok(Applied::Ignored);
    }
    let MailRequested { mail_id } = received.data()?;
    let found = auth_storage::mail(context.bridge(), mail_id, context.now()).await?;
    let mut keep = false;
    if let Some(mail) = found
        && let Some(address) = mail.kind.address(&mail.account)
    {
        let token = settings.tokens.token(mail_id, mail.kind);
        let letter = write(mail.kind, address.as_str(), &settings.app_url, &token);
        hand_over(&context, &received, &letter).await?;
        keep = mail.kind.has_token();
    }
    // To nobody, withdrawn, or sent: only a token has to be remembered.
    let statements = if keep { Vec::new() } else { vec![auth_storage::remove(mail_id)] };
    Ok(received.apply(&context, statements, Vec::new()).await?)
}

async fn hand_over(context: &Context, received: &Received, letter: &Letter<'_>) -> Result<(), Problem> {
    let headers = [
        ("content-type".to_owned(), "application/json".to_owned()),
        ("idempotency-key".to_owned(), received.id.clone()),
    ];
    let request = Request {
        target: "mail".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/messages".to_owned(),
        headers: headers.into_iter().chain(received.trace.forwarded()).collect(),
        // Strings only: serialization has nothing to fail at.
        body: serde_json::to_vec(letter).unwrap_or_default(),
        idempotent: true,
        deadline_ms: None,
    };
    match context.bridge().call(request).await?.status {
        200..=299 => Ok(()),
        // Busy, or the first request under this key is still at work.
        408 | 409 | 425 | 429 | 500.. => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "mail_unavailable",
            "mails cannot be sent right now",
        )),
        // This very mail will never be taken.
        status => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "mail_refused",
            "the mail was refused for good",
        )
        .with_detail(status)),
    }
}
