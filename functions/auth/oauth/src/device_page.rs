//! `/oauth/device`: where a person types the code that a device shows, and lets it in (RFC 8628 section 3.3).

use crate::authorize::{Stop, consent};
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::limits;
use crate::page::{
    Attempted, Browser, Page, SignInForm, Typed, attempt, described, form, hidden, message, with_failures,
};
use auth_domain::{Client, Parameters, Scopes, UserCode};
use auth_storage::{Approval, Decision, DeviceRequest, SignedIn};
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use maud::html;
use mcsp_attempts::Attempt;
use mcsp_problem::Problem;
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;

pub(crate) const PATH: &str = "/oauth/device";

const UNKNOWN_CODE: &str =
    "No device waits with this code. Look at it again: codes are good for ten minutes.";

/// A browser on this page.
struct Visit<'a> {
    browser: &'a Browser,
    /// What was typed, and nothing else that came along.
    typed: Parameters,
}

/// What a person brings along.
#[derive(JsonSchema)]
#[schemars(rename = "DevicePageForm")]
#[expect(dead_code, reason = "only described")]
struct DevicePageForm {
    /// The code that the device shows.
    #[schemars(example = &"BCDF-GHJK")]
    user_code: Option<String>,
}

pub(crate) fn reference() -> [Operation; 2] {
    let got = Operation::get(PATH, show)
        .named("showDevicePage", "Let a device in")
        .described("The page where a person types the code that a device shows, and lets it in (RFC 8628, section 3.3).")
        .takes_query::<DevicePageForm>();
    let posted = Operation::post(PATH, act)
        .named("sendDevicePage", "Let a device in, by the page's form")
        .described("The forms of the page are sent here. Without one of them it is the page once more.")
        .takes_body::<DevicePageForm>(FORM)
        .answers(described(StatusCode::FORBIDDEN, "What was typed is wrong. The page to sign in, once more."))
        .answers(
            Answer::empty(StatusCode::SEE_OTHER, "The person has signed in, and is sent on to the page.")
                .with(header::LOCATION)
                .with(header::CACHE_CONTROL),
        );
    [got, posted].map(|operation| {
        with_failures(operation)
            .answers(described(StatusCode::OK, "The page: to sign in, to type the code, or to decide."))
            .answers(described(
                StatusCode::NOT_FOUND,
                "No device waits with this code. The page to type it, once more.",
            ))
    })
}

pub(crate) async fn show(browser: Browser, RawQuery(query): RawQuery) -> Result<Response, Stop> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let signed_in = browser.signed_in().await?;
    Visit::of(&browser, &parameters).go_on(signed_in, None).await
}

pub(crate) async fn act(browser: Browser, form: Result<Form, OAuthError>) -> Result<Response, Stop> {
    let mut parameters = form.map_or_else(|_| Parameters::default(), |Form(parameters)| parameters);
    let (step, token) = (parameters.take("step"), parameters.take("form"));
    let typed = Typed {
        email: parameters.take("email").unwrap_or_default(),
        password: parameters.take("password").unwrap_or_default(),
        code: parameters.take("code").unwrap_or_default(),
        passkey: parameters.take("passkey"),
    };
    let visit = Visit::of(&browser, &parameters);
    let signed_in = browser.signed_in().await?;
    let is_ours = browser.errand_since(token.as_deref()).is_some();
    match (step.as_deref().filter(|_| is_ours), signed_in) {
        (Some("sign_in"), known) => visit.sign_in(&typed, known).await,
        (Some("allow"), Some(signed_in)) => visit.decide(Some(&signed_in)).await,
        (Some("deny"), Some(_)) => visit.decide(None).await,
        (_, signed_in) => visit.go_on(signed_in, None).await,
    }
}

impl<'a> Visit<'a> {
    fn of(browser: &'a Browser, parameters: &Parameters) -> Self {
        let typed = parameters.get("user_code").map(|code| ("user_code".to_owned(), code.to_owned()));
        Visit { browser, typed: typed.into_iter().collect() }
    }

    /// Sign in, then the code, then the decision.
    async fn go_on(&self, signed_in: Option<SignedIn>, error: Option<&str>) -> Result<Response, Stop> {
        let Some(signed_in) = signed_in else {
            return Ok(self.ask_to_sign_in(None, error).into_response());
        };
        let Some(typed) = self.typed.get("user_code") else {
            return Ok(ask_for_code(error).into_response());
        };
        match self.waiting(typed).await? {
            Some((code, request, client)) => {
                Ok(self.ask_for_decision(&signed_in, &code, &request, &client).into_response())
            }
            None => Ok(ask_for_code(Some(UNKNOWN_CODE)).with_status(StatusCode::NOT_FOUND).into_response()),
        }
    }

    /// The device that shows the code. Each look is a guess, until it turns out to be none.
    async fn waiting(&self, typed: &str) -> Result<Option<(UserCode, DeviceRequest, Client)>, Problem> {
        let Some(code) = UserCode::parse(typed) else { return Ok(None) };
        let attempt = self.guess().await?;
        let bridge = self.browser.context.bridge();
        let Some(request) = auth_storage::waiting_device(bridge, &code).await? else { return Ok(None) };
        attempt.take_back(&self.browser.context).await;
        let client = auth_storage::clients::find(bridge, request.client).await?;
        Ok(client.map(|client| (code, request, client)))
    }

    /// Counts a guess. To be taken back when it was right.
    async fn guess(&self) -> Result<Attempt<1>, Problem> {
        limits::user_code(&self.browser.context, self.browser.address).await
    }

    fn ask_to_sign_in(&self, email: Option<&str>, error: Option<&str>) -> Page {
        let token = self.browser.form_token(None);
        let page = form(SignInForm {
            action: PATH,
            client: None,
            request: &self.typed,
            token: &token,
            email,
            error,
        });
        page.with_headers(token.cookie)
    }

    fn ask_for_decision(
        &self,
        signed_in: &SignedIn,
        code: &UserCode,
        request: &DeviceRequest,
        client: &Client,
    ) -> Page {
        let token = self.browser.form_token(None);
        let scopes = Scopes::parse(&request.scope).unwrap_or_default();
        let content = html! {
            p { "A device with " strong { (client.details.name.as_str()) } " shows the code "
                strong { (code) } " and asks to:" }
            (consent::list(&scopes))
            p { "Only allow this if you started it, and have the device before you. Nobody of ours will ever send
                you a code." }
            p class="faint" { "You are signed in as " strong { (signed_in.account.email.as_str()) } "." }
            form method="post" action=(PATH) {
                (hidden(&self.typed))
                input type="hidden" name="form" value=(token.text);
                button name="step" value="allow" { "Allow" }
                button name="step" value="deny" class="second" { "Do not allow" }
            }
        };
        Page::new("Connect a device?", content).with_headers(token.cookie)
    }

    async fn sign_in(&self, typed: &Typed, known: Option<SignedIn>) -> Result<Response, Stop> {
        match attempt(self.browser, typed, known).await? {
            Attempted::SignedIn(cookie) => {
                // By GET, so that going back or reloading sends no password again.
                let location = HeaderValue::from_str(&format!("{PATH}?{}", self.typed.encode()));
                let location = location.unwrap_or(HeaderValue::from_static(PATH));
                let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                let headers = [(header::LOCATION, location), no_store, self.browser.session_cookie(&cookie)];
                Ok((StatusCode::SEE_OTHER, headers).into_response())
            }
            Attempted::Refused(status, reason) => {
                Ok(self.ask_to_sign_in(Some(&typed.email), Some(reason)).with_status(status).into_response())
            }
        }
    }

    async fn decide(&self, approved_by: Option<&SignedIn>) -> Result<Response, Stop> {
        let decision = match approved_by {
            Some(SignedIn { account, session }) => Decision::Approve(Approval {
                account: account.id,
                session: session.id,
                amr: session.authentication.amr(),
                authenticated_at: session.authentication.at,
            }),
            None => Decision::Deny,
        };
        let is_decided = match self.typed.get("user_code").and_then(UserCode::parse) {
            Some(code) => self.note(&code, &decision).await?,
            None => false,
        };
        let page = match (is_decided, approved_by) {
            (true, Some(_)) => message(
                "Connected",
                "The device goes on by itself in a few seconds. You can close this page.",
            ),
            (true, None) => message("Not connected", "The device was not let in. You can close this page."),
            (false, _) => ask_for_code(Some(UNKNOWN_CODE)).with_status(StatusCode::NOT_FOUND),
        };
        Ok(page.into_response())
    }

    /// Notes a decision. A form can be sent with any code, so each is a guess here too. False where no device waits.
    async fn note(&self, code: &UserCode, decision: &Decision) -> Result<bool, Problem> {
        let attempt = self.guess().await?;
        let context = &self.browser.context;
        let is_decided = auth_storage::decide_device(context.bridge(), code, decision).await?;
        if is_decided {
            attempt.take_back(context).await;
        }
        Ok(is_decided)
    }
}

fn ask_for_code(error: Option<&str>) -> Page {
    let content = html! {
        p { "Type the code that your device shows." }
        @if let Some(error) = error {
            p class="wrong" role="alert" id="error" { (error) }
        }
        form method="get" action=(PATH) {
            label for="user_code" { "Code" }
            input class="code" id="user_code" name="user_code" required autofocus autocomplete="off"
                autocapitalize="characters" spellcheck="false" placeholder="BCDF-GHJK"
                aria-describedby=[error.map(|_| "error")];
            button { "Continue" }
        }
    };
    Page::new("Connect a device", content)
}
