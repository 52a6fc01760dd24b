//! Signing in on a page: the form, and what becomes of it.

use super::Browser;
use super::form_token::Issued;
use super::layout::{Page, hidden};
use crate::secret::OneTimeSecret;
use auth_credentials::{
    CheckError, CheckedPasskey, CodeError, PasskeyError, attempt_code, check_answer, check_code,
    check_password, sealing_keys,
};
use auth_domain::{Account, Authentication, Device, Email, Factor, Inactive, Parameters, Password, Session};
use auth_passkeys::{AuthenticationResponse, Refused};
use auth_storage::{BeginError, Beside, Credentials, Opening, SignedIn};
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
    pub(crate) token: &'a Issued,
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
const CODE_NEEDED: Attempted = Attempted::Refused(
    StatusCode::FORBIDDEN,
    "Type the code of your authenticator too, or a recovery code; or use your passkey.",
);
const WRONG_CODE: Attempted =
    Attempted::Refused(StatusCode::FORBIDDEN, "The code is wrong, or was used before.");
const WRONG_PASSKEY: Attempted = Attempted::Refused(
    StatusCode::FORBIDDEN,
    "The passkey is not known here, or this took too long. Try again, or sign in with your password.",
);
const COPIED_PASSKEY: Attempted = Attempted::Refused(
    StatusCode::FORBIDDEN,
    "The passkey seems to exist twice. Sign in with your password, and remove it.",
);

/// What a person typed, or what their browser shows in the place of it.
pub(crate) struct Typed {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) code: String,
    pub(crate) passkey: Option<String>,
}

/// Who signs in, how that is known, and what it uses up.
struct Known<'a> {
    account: &'a Account,
    authentication: Authentication,
    credentials: Credentials<'a>,
    taken: Vec<GuardedStatement>,
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
    // Plain texts and numbers: there is nothing that JSON cannot hold.
    let options = serde_json::to_string(&token.passkey).unwrap_or_default();
    let content = html! {
        @if let Some(client) = client {
            p class="faint" { "to continue to " strong { (client) } }
        }
        @if let Some(error) = error {
            p class="wrong" role="alert" id="error" { (error) }
        }
        form method="post" action=(action) {
            (hidden(request))
            input type="hidden" name="form" value=(token.text);
            input type="hidden" name="step" value="sign_in";
            input type="hidden" name="passkey" value="";
            label for="email" { "E-mail address" }
            input type="email" id="email" name="email" autocomplete="username" required
                autofocus[email.is_none()] value=[email] aria-describedby=[error.map(|_| "error")];
            label for="password" { "Password" }
            input type="password" id="password" name="password" autocomplete="current-password" required
                autofocus[email.is_some()] aria-describedby=[error.map(|_| "error")];
            label for="code" { "Code of your authenticator, if you have one" }
            input type="text" id="code" name="code" autocomplete="one-time-code" inputmode="text" maxlength="32";
            button { "Sign in" }
            button type="button" class="second" id="use-passkey" data-options=(options) hidden {
                "Sign in with a passkey"
            }
            p class="wrong" role="alert" id="passkey-error" hidden {
                "No passkey was shown. Try again, or sign in with your password."
            }
        }
    };
    Page::new("Sign in", content).offering_passkeys()
}

/// Signs a browser in with what was typed. Where it was signed in to the same account already, that session goes
/// on with a new cookie, and with it what others were given in it.
pub(crate) async fn attempt(
    browser: &Browser,
    typed: &Typed,
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    if let Some(passkey) = &typed.passkey {
        return attempt_passkey(browser, passkey, known).await;
    }
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
    if let Err(inactive) = checked.account.may_sign_in() {
        return Ok(refused(inactive));
    }
    let by_password = Authentication::by_password(context.now());
    let (authentication, taken) = match second_factor(browser, &checked.account, &typed.code).await? {
        Ok(None) => (by_password, Vec::new()),
        Ok(Some(take)) => (by_password.and(Factor::OneTimePassword, context.now()), vec![take]),
        Err(refused) => return Ok(refused),
    };
    let credentials = checked.credentials();
    let who = Known { account: &checked.account, authentication, credentials, taken };
    match begin(browser, who, known).await {
        Err(BeginError::Changed) => Ok(WRONG),
        Err(BeginError::Used) => Ok(WRONG_CODE),
        Err(BeginError::Failed(error)) => Err(error.into()),
        Ok(cookie) => Ok(Attempted::SignedIn(cookie)),
    }
}

/// Signs a browser in with a passkey alone.
async fn attempt_passkey(
    browser: &Browser,
    passkey: &str,
    known: Option<SignedIn>,
) -> Result<Attempted, Problem> {
    let checked = match checked_passkey(browser, passkey).await {
        Ok(checked) => checked,
        Err(PasskeyError::Failed(problem)) => return Err(problem),
        Err(PasskeyError::Refused(Refused::CounterWentBack)) => return Ok(COPIED_PASSKEY),
        Err(PasskeyError::Refused(_) | PasskeyError::Unknown | PasskeyError::UnusableChallenge) => {
            return Ok(WRONG_PASSKEY);
        }
    };
    if let Err(inactive) = checked.account.may_sign_in() {
        return Ok(refused(inactive));
    }
    let who = Known {
        account: &checked.account,
        authentication: Authentication::by_passkey(checked.factor, browser.context.now()),
        credentials: Credentials::default(),
        taken: checked.take,
    };
    match begin(browser, who, known).await {
        // The passkey, its challenge, or the account's state is no longer what was checked.
        Err(BeginError::Changed | BeginError::Used) => Ok(WRONG_PASSKEY),
        Err(BeginError::Failed(error)) => Err(error.into()),
        Ok(cookie) => Ok(Attempted::SignedIn(cookie)),
    }
}

async fn checked_passkey(browser: &Browser, passkey: &str) -> Result<CheckedPasskey, PasskeyError> {
    let Browser { context, tokens, relying_party, .. } = browser;
    let given: AuthenticationResponse =
        serde_json::from_str(passkey).map_err(|_| Refused::Malformed("the passkey"))?;
    let purpose = browser.passkey_purpose().ok_or(PasskeyError::UnusableChallenge)?;
    check_answer(context, (tokens.secret(), relying_party), purpose, &given, None).await
}

/// Begins a session, or goes on with the one that the browser has.
async fn begin(
    browser: &Browser,
    who: Known<'_>,
    known: Option<SignedIn>,
) -> Result<OneTimeSecret, BeginError> {
    let Known { account, authentication, credentials, taken } = who;
    let Browser { context, headers, address, .. } = browser;
    let cookie = OneTimeSecret::new(context);
    if let Some(known) = known.filter(|known| known.account.id == account.id) {
        let session = known.session.authenticated_again(authentication);
        auth_storage::renew(context.bridge(), &session, credentials, cookie.hash(), taken).await?;
        return Ok(cookie);
    }
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device::new(user_agent, address.0);
    let session = Session::begin(context.new_id(), account, device, authentication, context.now());
    let session = session.map_err(|_| BeginError::Changed)?;
    let (beside, opening) = (Beside { taken, ..Beside::default() }, Opening::Cookie(cookie.hash()));
    auth_storage::begin_with(context.bridge(), &session, credentials, opening, beside).await?;
    Ok(cookie)
}

fn refused(inactive: Inactive) -> Attempted {
    match inactive {
        Inactive::Suspended => Attempted::Refused(StatusCode::FORBIDDEN, "The account is suspended."),
        Inactive::Closed => Attempted::Refused(StatusCode::FORBIDDEN, "The account is closed."),
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
