//! Signing in on a page: the form, and what becomes of it.

use super::Browser;
use super::layout::{Page, hidden};
use crate::secret::OneTimeSecret;
use auth_credentials::{CheckError, check_password};
use auth_domain::{Authentication, Device, Email, Inactive, Parameters, Password, Session};
use auth_storage::{BeginError, Opening, SignedIn};
use http::{StatusCode, header};
use maud::html;
use mcsp_problem::Problem;

/// What is to stand in the form.
pub(crate) struct SignInForm<'a> {
    /// Where it is sent.
    pub(crate) action: &'a str,
    /// For which application.
    pub(crate) client: Option<&'a str>,
    /// What goes along.
    pub(crate) request: &'a Parameters,
    pub(crate) token: &'a str,
    pub(crate) email: Option<&'a str>,
    /// What was wrong with the last try.
    pub(crate) error: Option<&'a str>,
}

const WRONG: Attempted =
    Attempted::Refused(StatusCode::FORBIDDEN, "There is no account with this address and this password.");

/// What became of a try.
pub(crate) enum Attempted {
    /// They are signed in, and the browser is to have this cookie.
    SignedIn(OneTimeSecret),
    /// They are not, for a reason to be told.
    Refused(StatusCode, &'static str),
}

pub(crate) fn form(form: SignInForm<'_>) -> Page {
    let SignInForm { action, client, request, token, email, error } = form;
    let content = html! {
        @if let Some(client) = client {
            p class="faint" { "to continue to " strong { (client) } }
        }
        @if let Some(error) = error {
            p class="wrong" role="alert" id="error" { (error) }
        }
        form method="post" action=(action) {
            (hidden(request))
            input type="hidden" name="form" value=(token);
            input type="hidden" name="step" value="sign_in";
            label for="email" { "E-mail address" }
            input type="email" id="email" name="email" autocomplete="username" required
                autofocus[email.is_none()] value=[email] aria-describedby=[error.map(|_| "error")];
            label for="password" { "Password" }
            input type="password" id="password" name="password" autocomplete="current-password" required
                autofocus[email.is_some()] aria-describedby=[error.map(|_| "error")];
            button { "Sign in" }
        }
    };
    Page::new("Sign in", content)
}

/// Signs a browser in with what was typed. Where it was signed in to the same account already, that session goes
/// on with a new cookie, and with it what others were given in it.
pub(crate) async fn attempt(
    browser: &Browser,
    (email, password): (&str, &str),
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    let (Ok(email), Ok(password)) = (Email::parse(email), Password::attempt(password)) else {
        return Ok(WRONG);
    };
    let context = &browser.context;
    let attempt = match auth_credentials::attempt(context, &email, browser.address).await {
        Ok(attempt) => attempt,
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            return Ok(Attempted::Refused(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many attempts failed. Wait a while before the next.",
            ));
        }
        Err(problem) => return Err(problem),
    };
    let result = begin(browser, (&email, &password), known).await;
    if matches!(result, Ok(Attempted::SignedIn(_)) | Err(_)) {
        attempt.take_back(context).await;
    }
    result
}

async fn begin(
    browser: &Browser,
    (email, password): (&Email, &Password),
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    let Browser { context, headers, address, .. } = browser;
    let checked = match check_password(context, email, password).await {
        Ok(checked) => checked,
        Err(CheckError::Wrong) => return Ok(WRONG),
        Err(CheckError::Failed(problem)) => return Err(problem),
    };
    let (now, bridge) = (context.now(), context.bridge());
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device::new(user_agent, address.0);
    let authentication = Authentication::by_password(now);
    let session = Session::begin(context.new_id(), &checked.account, device, authentication, now);
    let session = match session {
        Ok(session) => session,
        Err(Inactive::Suspended) => {
            return Ok(Attempted::Refused(StatusCode::FORBIDDEN, "The account is suspended."));
        }
        Err(Inactive::Closed) => {
            return Ok(Attempted::Refused(StatusCode::FORBIDDEN, "The account is closed."));
        }
    };
    let (cookie, credentials) = (OneTimeSecret::new(context), checked.credentials());
    let stored = match known.filter(|known| known.account.id == checked.account.id) {
        Some(known) => {
            let session = known.session.authenticated_again(session.authentication);
            auth_storage::renew(bridge, &session, credentials, cookie.hash()).await
        }
        None => auth_storage::begin(bridge, &session, credentials, Opening::Cookie(cookie.hash())).await,
    };
    match stored {
        Ok(()) => Ok(Attempted::SignedIn(cookie)),
        Err(BeginError::Changed) => Ok(WRONG),
        Err(BeginError::Failed(error)) => Err(error.into()),
    }
}
