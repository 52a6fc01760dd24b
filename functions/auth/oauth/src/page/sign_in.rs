//! Signing in on a page: the form, and what becomes of it.

use super::Browser;
use super::layout::{Page, hidden};
use crate::secret::OneTimeSecret;
use auth_credentials::{
    CheckError, Checked, CodeError, attempt_code, check_code, check_password, sealing_keys,
};
use auth_domain::{Account, Authentication, Device, Email, Factor, Inactive, Parameters, Password, Session};
use auth_storage::{BeginError, Beside, Opening, SignedIn};
use http::{StatusCode, header};
use maud::html;
use mcsp_bridge_api::postgres::GuardedStatement;
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
const TOO_MANY: Attempted = Attempted::Refused(
    StatusCode::TOO_MANY_REQUESTS,
    "Too many attempts failed. Wait a while before the next.",
);
const CODE_NEEDED: Attempted =
    Attempted::Refused(StatusCode::FORBIDDEN, "Type the code of your authenticator too, or a recovery code.");
const WRONG_CODE: Attempted =
    Attempted::Refused(StatusCode::FORBIDDEN, "The code is wrong, or was used before.");

/// What a person typed.
pub(crate) struct Typed {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) code: String,
}

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
            label for="code" { "Code of your authenticator, if you have one" }
            input type="text" id="code" name="code" autocomplete="one-time-code" inputmode="text" maxlength="32";
            button { "Sign in" }
        }
    };
    Page::new("Sign in", content)
}

/// Signs a browser in with what was typed. Where it was signed in to the same account already, that session goes
/// on with a new cookie, and with it what others were given in it.
pub(crate) async fn attempt(
    browser: &Browser,
    typed: &Typed,
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    let (Ok(email), Ok(password)) = (Email::parse(&typed.email), Password::attempt(&typed.password)) else {
        return Ok(WRONG);
    };
    let context = &browser.context;
    let attempt = match auth_credentials::attempt(context, &email, browser.address).await {
        Ok(attempt) => attempt,
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            return Ok(TOO_MANY);
        }
        Err(problem) => return Err(problem),
    };
    let checked = match check_password(context, &email, &password).await {
        Ok(checked) => checked,
        Err(CheckError::Wrong) => return Ok(WRONG),
        Err(CheckError::Failed(problem)) => {
            attempt.take_back(context).await;
            return Err(problem);
        }
    };
    // The password is right. How many codes may be wrong is counted apart.
    attempt.take_back(context).await;
    begin(browser, &checked, &typed.code, known).await
}

async fn begin(
    browser: &Browser,
    checked: &Checked,
    code: &str,
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    let Browser { context, headers, address, .. } = browser;
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
    let (session, taken) = match second_factor(browser, &checked.account, code).await? {
        Ok(None) => (session, Vec::new()),
        Ok(Some(take)) => {
            let authentication = session.authentication.clone().and(Factor::OneTimePassword, now);
            (Session { authentication, ..session }, vec![take])
        }
        Err(refused) => return Ok(refused),
    };
    let (cookie, credentials) = (OneTimeSecret::new(context), checked.credentials());
    let stored = match known.filter(|known| known.account.id == checked.account.id) {
        Some(known) => {
            let session = known.session.authenticated_again(session.authentication);
            auth_storage::renew(bridge, &session, credentials, cookie.hash(), taken).await
        }
        None => {
            let beside = Beside { taken, ..Beside::default() };
            let opening = Opening::Cookie(cookie.hash());
            auth_storage::begin_with(bridge, &session, credentials, opening, beside).await
        }
    };
    match stored {
        Ok(()) => Ok(Attempted::SignedIn(cookie)),
        Err(BeginError::Changed) => Ok(WRONG),
        Err(BeginError::Used) => Ok(WRONG_CODE),
        Err(BeginError::Failed(error)) => Err(error.into()),
    }
}

/// Checks the code of an account with a second factor, and gives the statement that takes it; nothing where there is no
/// second factor.
async fn second_factor(
    browser: &Browser,
    account: &Account,
    code: &str,
) -> Result<Result<Option<GuardedStatement>, Attempted>, Problem> {
    let context = &browser.context;
    if !auth_storage::has_factor(context.bridge(), account.id).await? {
        return Ok(Ok(None));
    }
    if code.trim().is_empty() {
        return Ok(Err(CODE_NEEDED));
    }
    let attempt = match attempt_code(context, account.id).await {
        Ok(attempt) => attempt,
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => return Ok(Err(TOO_MANY)),
        Err(problem) => return Err(problem),
    };
    let keys = sealing_keys(context).map_err(|error| Problem::internal(&error))?;
    match check_code(context, &keys, account.id, code).await {
        Ok(take) => {
            attempt.take_back(context).await;
            Ok(Ok(Some(take)))
        }
        Err(CodeError::Wrong) => Ok(Err(WRONG_CODE)),
        Err(CodeError::Failed(problem)) => {
            attempt.take_back(context).await;
            Err(problem)
        }
    }
}
