//! `/oauth/authorize`: a person lets a client act for them (RFC 6749 section 4.1, OpenID Connect Core section 3.1.2).
//!
//! The forms of the pages are sent here too, with all that the client asked for in hidden fields: nothing about an
//! open page is kept on the server. A `POST` without a form of ours is a client's request (OpenID Connect has it so),
//! and is sent on as a `GET`: only with that does the browser show its cookie.

pub(crate) mod consent;

use crate::client;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::page::{
    Attempted, Browser, Page, SignInForm, Typed, attempt, described, form, message, with_failures,
};
use crate::par;
use crate::secret::OneTimeSecret;
use auth_domain::{
    AuthorizationError, AuthorizationRequest, Client, Known, Parameters, RefreshFamily, Scopes, Step, Untaken,
};
use auth_storage::{Authorization, AuthorizeError, CodeGrant, FirstToken, SignedIn, TokenHash};
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use mcsp_ids::ClientId;
use mcsp_problem::Problem;
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;

pub(crate) const PATH: &str = "/oauth/authorize";

/// A client's request, and what is known of the browser that brings it.
struct Visit<'a> {
    browser: &'a Browser,
    /// As they came, which the pages send again.
    parameters: &'a Parameters,
    client: Client,
    request: AuthorizationRequest,
    /// Where the client said what it wants before, and the parameters only name it (RFC 9126).
    pushed: Option<TokenHash>,
    /// When the first page of this errand was shown.
    page_since: Option<Timestamp>,
}

/// What answers a person, where nothing can be sent to a client.
pub(crate) enum Stop {
    Page(Box<Page>),
    Redirect(Box<Response>),
    Failed(Problem),
}

/// What a client asks for (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).
#[derive(JsonSchema)]
#[schemars(rename = "AuthorizationRequest")]
#[expect(dead_code, reason = "only described")]
pub(crate) struct AuthorizationForm {
    /// `code`, and nothing else. It is needed, unless the request was pushed.
    #[schemars(example = &"code")]
    response_type: Option<String>,
    /// Who asks.
    client_id: ClientId,
    /// Where the answer goes: a registered address. It may be left out where only one is registered.
    #[schemars(example = &"https://couch.example/callback")]
    redirect_uri: Option<String>,
    /// What for, separated by spaces; by default all that the client may ask for.
    #[schemars(example = &"openid playback.start")]
    scope: Option<String>,
    /// What the client knows the answer by: it comes back in it.
    #[schemars(example = &"af0ifjsldkj")]
    state: Option<String>,
    /// Base64url of the SHA-256 of a `code_verifier` (RFC 7636). It is needed, unless the request was pushed.
    #[schemars(example = &"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<String>,
    /// `S256`, and nothing else. It is needed, unless the request was pushed.
    #[schemars(example = &"S256")]
    code_challenge_method: Option<String>,
    /// What the client knows the ID token by: it stands in it.
    #[schemars(example = &"n-0S6_WzA2Mj")]
    nonce: Option<String>,
    /// `query`, and nothing else.
    #[schemars(example = &"query")]
    response_mode: Option<String>,
    /// What the person is to be asked, whatever is known: `login`, `consent`, or `none`.
    #[schemars(example = &"login")]
    prompt: Option<String>,
    /// How many seconds ago the person may have been authenticated.
    #[schemars(example = 3600)]
    max_age: Option<u32>,
    /// The address that the client expects the person to sign in with.
    #[schemars(example = &"ada@example.com")]
    login_hint: Option<String>,
    /// By how many factors the person is to be known: `1` or `2` (RFC 9470). Who has no second factor is not asked for one:
    /// `acr` in the tokens says what there was.
    #[schemars(example = &"2")]
    acr_values: Option<String>,
    /// The thumbprint of the key that the client will prove to redeem the code, and no other will do (RFC 9449, section 10).
    #[schemars(example = &"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    dpop_jkt: Option<String>,
    /// What `/oauth/par` gave for a request that was pushed. Beside it only `client_id` counts.
    #[schemars(example = &"urn:ietf:params:oauth:request_uri:Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA")]
    request_uri: Option<String>,
}

pub(crate) fn reference() -> [Operation; 2] {
    let got = Operation::get(PATH, show)
        .named("authorize", "Let a client act for a person")
        .described(
            "Where a client sends a browser (RFC 6749 section 4.1, OpenID Connect Core section 3.1.2): the person signs \
            in and consents on pages, and the browser is sent back to `redirect_uri` with `code`, `state` and `iss`, or \
            with `error` and `error_description`. PKCE (RFC 7636) is needed. A code is good once, and for a minute.",
        )
        .takes_query::<AuthorizationForm>();
    let posted = Operation::post(PATH, act)
        .named("authorizeByForm", "Let a client act for a person, by a form")
        .described(
            "The same with the parameters in the body; the browser is sent on to the `GET`. The forms of the pages are \
            sent here too.",
        )
        .takes_body::<AuthorizationForm>(FORM)
        .answers(described(StatusCode::FORBIDDEN, "What was typed is wrong. The page to sign in, once more."));
    [got, posted].map(|operation| {
        let sent_on =
            Answer::empty(StatusCode::SEE_OTHER, "The browser is sent on: to the client with the answer.");
        with_failures(operation)
            .answers(described(StatusCode::OK, "The page to sign in, or to consent."))
            .answers(sent_on.with(header::LOCATION).with(header::CACHE_CONTROL))
            .answers(described(StatusCode::BAD_REQUEST, "Whoever asks can't be answered. A page says why."))
    })
}

pub(crate) async fn show(browser: Browser, RawQuery(query): RawQuery) -> Result<Response, Stop> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let mut parameters = parameters.map_err(|_| Stop::invalid("A parameter is given more than once."))?;
    let token = parameters.take("form");
    let visit = Visit::begin(&browser, &parameters, token.as_deref()).await?;
    let signed_in = browser.signed_in().await?;
    visit.go_on(signed_in, None).await
}

pub(crate) async fn act(browser: Browser, form: Result<Form, OAuthError>) -> Result<Response, Stop> {
    let Ok(Form(mut parameters)) = form else {
        return Err(Stop::invalid("The request is not one that a form can send."));
    };
    let (step, token) = (parameters.take("step"), parameters.take("form"));
    let typed = Typed {
        email: parameters.take("email").unwrap_or_default(),
        password: parameters.take("password").unwrap_or_default(),
        code: parameters.take("code").unwrap_or_default(),
        passkey: parameters.take("passkey"),
    };
    let visit = Visit::begin(&browser, &parameters, token.as_deref()).await?;
    let signed_in = browser.signed_in().await?;
    match (visit.page_since, step.as_deref(), signed_in) {
        // No form of ours, or one of another browser, or one that was open too long: as if it were opened now.
        (None, ..) | (_, None, _) => Ok(see_other(&format!("{PATH}?{}", parameters.encode()))),
        (_, Some("sign_in"), known) => visit.sign_in(&typed, known).await,
        (_, Some("allow"), Some(signed_in)) => visit.allow(signed_in).await,
        (_, Some("deny"), Some(_)) => Ok(visit.refuse(AuthorizationError::AccessDenied)),
        (_, Some(_), signed_in) => visit.go_on(signed_in, None).await,
    }
}

impl<'a> Visit<'a> {
    async fn begin(
        browser: &'a Browser,
        parameters: &'a Parameters,
        form_token: Option<&str>,
    ) -> Result<Self, Stop> {
        let client = client::named(&browser.context, parameters).await.map_err(|_| Stop::unavailable())?;
        let client =
            client.ok_or_else(|| Stop::invalid("The application that sent you here is not known."))?;
        let pushed = match parameters.get("request_uri") {
            Some(named) => Some(read_pushed(browser, named, &client).await?),
            None => None,
        };
        let (pushed, asked) = match &pushed {
            Some((pushed, asked)) => (Some(*pushed), asked),
            None => (None, parameters),
        };
        let request = AuthorizationRequest::check(asked, &client).map_err(|untaken| match untaken {
            Untaken::UnregisteredRedirect => {
                Stop::invalid("The application wants the answer at an address that it has not registered.")
            }
            Untaken::Refused { redirect_uri, state, error } => {
                let answer = error_answer(browser.tokens.issuer(), &redirect_uri, state.as_deref(), error);
                Stop::Redirect(Box::new(see_other(&answer)))
            }
        })?;
        let page_since = browser.errand_since(form_token);
        Ok(Visit { browser, parameters, client, request, pushed, page_since })
    }

    /// Answers the client, or shows the page that the person is needed on.
    async fn go_on(&self, signed_in: Option<SignedIn>, error: Option<&str>) -> Result<Response, Stop> {
        let consented = match &signed_in {
            Some(signed_in) if !self.client.details.first_party => {
                let bridge = self.browser.context.bridge();
                auth_storage::consented(bridge, signed_in.account.id, self.client.id).await?
            }
            _ => None,
        };
        let known = self.known(signed_in.as_ref(), consented.as_ref()).await?;
        match (self.request.next_step(&self.client, known, self.browser.context.now()), signed_in) {
            (Err(error), _) => Ok(self.refuse(error)),
            (Ok(Step::Answer), Some(signed_in)) => self.answer(&signed_in, None).await,
            (Ok(Step::Consent), Some(signed_in)) => Ok(self.ask_for_consent(&signed_in).into_response()),
            (Ok(Step::SignIn), _) | (Ok(_), None) => {
                Ok(self.ask_to_sign_in(self.request.login_hint.as_deref(), error).into_response())
            }
        }
    }

    /// What decides on the next step.
    async fn known<'k>(
        &self,
        signed_in: Option<&'k SignedIn>,
        consented: Option<&'k Scopes>,
    ) -> Result<Known<'k>, Problem> {
        let has_second_factor = match signed_in {
            // Looked at only where it matters.
            Some(SignedIn { account, session }) if self.request.wants_more_than(session) => {
                auth_storage::has_factor(self.browser.context.bridge(), account.id).await?
            }
            _ => false,
        };
        let session = signed_in.map(|signed_in| &signed_in.session);
        Ok(Known { session, consented, has_second_factor, page_since: self.page_since })
    }

    fn ask_to_sign_in(&self, email: Option<&str>, error: Option<&str>) -> Page {
        let token = self.browser.form_token(self.page_since);
        let page = form(SignInForm {
            action: PATH,
            client: Some(self.client.details.name.as_str()),
            request: self.parameters,
            token: &token,
            email,
            error,
        });
        page.leading_to(&self.request.redirect_uri).with_headers(token.cookie)
    }

    fn ask_for_consent(&self, signed_in: &SignedIn) -> Page {
        let token = self.browser.form_token(self.page_since);
        let page = consent::page(consent::Consent {
            client: &self.client,
            scopes: &self.request.scopes,
            account: &signed_in.account,
            request: self.parameters,
            token: &token.text,
        });
        page.leading_to(&self.request.redirect_uri).with_headers(token.cookie)
    }

    async fn sign_in(&self, typed: &Typed, known: Option<SignedIn>) -> Result<Response, Stop> {
        match attempt(self.browser, typed, known).await? {
            Attempted::SignedIn(cookie) => {
                // Back to the beginning by GET, so that going back or reloading sends no password again.
                let token = self.browser.form_token(self.page_since);
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(self.parameters.iter()).append_pair("form", &token.text);
                let mut response = see_other(&format!("{PATH}?{}", query.finish()));
                let (name, value) = self.browser.session_cookie(&cookie);
                response.headers_mut().append(name, value);
                Ok(response)
            }
            Attempted::Refused(status, reason) => {
                Ok(self.ask_to_sign_in(Some(&typed.email), Some(reason)).with_status(status).into_response())
            }
        }
    }

    /// The person consents. What they must have done before is looked at again: a form proves nothing of it.
    async fn allow(&self, signed_in: SignedIn) -> Result<Response, Stop> {
        let scopes = &self.request.scopes;
        let known = self.known(Some(&signed_in), Some(scopes)).await?;
        match self.request.next_step(&self.client, known, self.browser.context.now()) {
            Ok(Step::Answer | Step::Consent) => {
                let bridge = self.browser.context.bridge();
                let before = auth_storage::consented(bridge, signed_in.account.id, self.client.id).await?;
                let consent = before.unwrap_or_default().with(scopes);
                self.answer(&signed_in, Some(&consent)).await
            }
            Ok(Step::SignIn) => self.go_on(None, None).await,
            Err(error) => Ok(self.refuse(error)),
        }
    }

    /// Gives the client a code.
    async fn answer(&self, signed_in: &SignedIn, consent: Option<&Scopes>) -> Result<Response, Stop> {
        let (Browser { context, tokens, .. }, request) = (self.browser, &self.request);
        let family = RefreshFamily {
            id: context.new_id(),
            session: signed_in.session.id,
            client: Some(request.client),
            scope: request.scopes.to_string(),
            // It is bound when the code is redeemed.
            key: None,
            created_at: context.now(),
        };
        let authorization = Authorization {
            first_token: FirstToken { family: &family, hash: tokens.first_refresh(&family).hash() },
            consent: consent.map(|scopes| (signed_in.account.id, scopes)),
            at: family.created_at,
        };
        match auth_storage::authorize(context.bridge(), authorization).await {
            Ok(()) => {}
            // It ended while the page was open.
            Err(AuthorizeError::SessionEnded) => {
                return Ok(self.ask_to_sign_in(None, None).into_response());
            }
            Err(AuthorizeError::Failed(error)) => return Err(Problem::from(error).into()),
        }
        if let Some(pushed) = &self.pushed
            && !auth_storage::take_pushed(context.bridge(), pushed).await?
        {
            return Err(Stop::answered());
        }
        let code = OneTimeSecret::new(context);
        let grant = CodeGrant {
            client: request.client,
            family: family.id,
            redirect_uri: request.redirect_uri_is_named.then(|| request.redirect_uri.clone()),
            code_challenge: request.challenge.as_str().to_owned(),
            nonce: request.nonce.clone(),
            key: request.key.clone(),
        };
        auth_storage::keep_code(context.bridge(), code.hash(), &grant).await?;
        let mut answer = vec![("code", code.reveal())];
        answer.extend(request.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", tokens.issuer()));
        Ok(see_other(&with_query(&request.redirect_uri, &answer)))
    }

    /// Tells the client that it gets no code.
    fn refuse(&self, error: AuthorizationError) -> Response {
        let AuthorizationRequest { redirect_uri, state, .. } = &self.request;
        see_other(&error_answer(self.browser.tokens.issuer(), redirect_uri, state.as_deref(), error))
    }
}

/// What a client pushed. Whatever else stands in the address is passed over.
async fn read_pushed(
    browser: &Browser,
    named: &str,
    client: &Client,
) -> Result<(TokenHash, Parameters), Stop> {
    let pushed = par::named(named).ok_or_else(Stop::answered)?;
    let asked = auth_storage::pushed(browser.context.bridge(), &pushed, client.id).await?;
    Ok((pushed, asked.ok_or_else(Stop::answered)?))
}

fn error_answer(issuer: &str, redirect_uri: &str, state: Option<&str>, error: AuthorizationError) -> String {
    let description = error.to_string();
    let mut answer = vec![("error", error.code()), ("error_description", &description)];
    answer.extend(state.map(|state| ("state", state)));
    // By which a client that knows several issuers is not led to take one's answer for another's (RFC 9207).
    answer.push(("iss", issuer));
    with_query(redirect_uri, &answer)
}

fn with_query(uri: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' })
}

/// 303, so that no form is sent on (RFC 9700 section 4.12).
fn see_other(uri: &str) -> Response {
    let location = HeaderValue::from_str(uri).unwrap_or(HeaderValue::from_static("/"));
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

impl Stop {
    fn invalid(text: &str) -> Self {
        let page = message("This link does not work", text).with_status(StatusCode::BAD_REQUEST);
        Stop::Page(Box::new(page))
    }

    /// A pushed request is good for one answer, and for a while.
    fn answered() -> Self {
        Stop::invalid("It has been used, or has expired. Please go back to the application and begin again.")
    }

    fn unavailable() -> Self {
        let page =
            message("Not now", "Something that this page needs is down. Please try again in a minute.");
        Stop::Page(Box::new(page.with_status(StatusCode::SERVICE_UNAVAILABLE)))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Failed(problem)
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Stop::Page(page) => page.into_response(),
            Stop::Redirect(response) => *response,
            // The person gets a page; status, Retry-After and the cause for the log are the problem's.
            Stop::Failed(problem) => {
                let (parts, _) = problem.into_response().into_parts();
                let text = "This could not be done right now. Please try again in a minute.";
                let mut response = message("Not now", text).with_status(parts.status).into_response();
                if let Some(retry_after) = parts.headers.get(header::RETRY_AFTER) {
                    response.headers_mut().insert(header::RETRY_AFTER, retry_after.clone());
                }
                response.extensions_mut().extend(parts.extensions);
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_added_to_what_the_client_registered() {
        let answer = [("code", "a b"), ("state", "&x=1"), ("iss", "https://auth.example")];
        let query = "code=a+b&state=%26x%3D1&iss=https%3A%2F%2Fauth.example";
        assert_eq!(with_query("https://app.example/cb", &answer), format!("https://app.example/cb?{query}"));
        assert_eq!(with_query("com.app:/cb?a=b", &answer), format!("com.app:/cb?a=b&{query}"));
    }
}
