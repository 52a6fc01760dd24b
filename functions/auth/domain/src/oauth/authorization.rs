//! Authorization requests (RFC 6749 section 4.1.1): which ones are taken, and what a person still has to do.

use super::{CodeChallenge, Parameters, Scopes};
use crate::{Client, GrantType, Session};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::{Acr, is_thumbprint};
use mcsp_ids::ClientId;

/// Characters of a `state` or a `nonce`, which come back in addresses and tokens.
const ECHO_MAX_BYTES: usize = 1024;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes: as the request names it, which a registered one admits.
    pub redirect_uri: String,
    /// Whether the request names it: then the token request has to repeat it.
    pub redirect_uri_is_named: bool,
    /// What for.
    pub scopes: Scopes,
    /// What the client recognizes the answer by.
    pub state: Option<String>,
    /// What the client recognizes the ID token by.
    pub nonce: Option<String>,
    /// What only the client can redeem the code with.
    pub challenge: CodeChallenge,
    /// The thumbprint of the key that the client must prove to redeem the code (RFC 9449 section 10).
    pub key: Option<String>,
    /// Whom the client expects.
    pub login_hint: Option<String>,
    prompt: Prompt,
    max_age: Option<SignedDuration>,
    acr: Option<Acr>,
}

/// What a person is to be asked, whatever is known already (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Prompt {
    none: bool,
    login: bool,
    consent: bool,
}

/// An error for the client, which travels in the redirect (RFC 6749 section 4.1.2.1, OpenID Connect Core section
/// 3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// A parameter is missing or malformed.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The client is not registered for codes.
    #[error("the client may not ask for a code")]
    UnauthorizedClient,
    /// The person said no.
    #[error("the person refused")]
    AccessDenied,
    /// Anything but `code`.
    #[error("response_type must be code")]
    UnsupportedResponseType,
    /// A scope that the client may not ask for.
    #[error("{0}")]
    InvalidScope(#[from] super::InvalidScope),
    /// A person would have to sign in, and is not to be asked.
    #[error("the person has to sign in")]
    LoginRequired,
    /// A person would have to consent, and is not to be asked.
    #[error("the person has to consent")]
    ConsentRequired,
    /// A request object, which nothing here reads.
    #[error("request objects are not supported")]
    RequestNotSupported,
}

impl AuthorizationError {
    /// The stable code of the protocol.
    pub const fn code(self) -> &'static str {
        match self {
            AuthorizationError::InvalidRequest(_) => "invalid_request",
            AuthorizationError::UnauthorizedClient => "unauthorized_client",
            AuthorizationError::AccessDenied => "access_denied",
            AuthorizationError::UnsupportedResponseType => "unsupported_response_type",
            AuthorizationError::InvalidScope(_) => "invalid_scope",
            AuthorizationError::LoginRequired => "login_required",
            AuthorizationError::ConsentRequired => "consent_required",
            AuthorizationError::RequestNotSupported => "request_not_supported",
        }
    }
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// There is no address that an answer may be sent to: only the person can be told.
    #[error("redirect_uri is not one that the client has registered")]
    UnregisteredRedirect,
    /// The client is told.
    #[error("{error}")]
    Refused {
        /// Where.
        redirect_uri: String,
        /// What the client recognizes the answer by.
        state: Option<String>,
        /// What.
        error: AuthorizationError,
    },
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The person has to sign in.
    SignIn,
    /// The person has to consent.
    Consent,
    /// The client gets its code.
    Answer,
}

/// What is known of a person when a request is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Where they are signed in, in this browser.
    pub session: Option<&'a Session>,
    /// What they have consented to before.
    pub consented: Option<&'a Scopes>,
    /// Whether their account has a second factor. It matters only where [`AuthorizationRequest::wants_more_than`] the
    /// session has.
    pub has_second_factor: bool,
    /// When the first page of this request was shown, if one was.
    pub page_since: Option<Timestamp>,
}

impl AuthorizationRequest {
    /// Checks what a client asks for. An address that the client has not registered is never answered to.
    pub fn check(parameters: &Parameters, client: &Client) -> Result<Self, Untaken> {
        let registered = &client.details.redirect_uris;
        let redirect_uri = match (parameters.get("redirect_uri"), registered.as_slice()) {
            (Some(requested), _) => client.redirect_uri(requested).map(|_| requested.to_owned()),
            // The only one is meant (RFC 6749 section 3.1.2.3).
            (None, [only]) => Some(only.as_str().to_owned()),
            (None, _) => None,
        };
        let redirect_uri = redirect_uri.ok_or(Untaken::UnregisteredRedirect)?;
        let state = parameters.get("state").map(str::to_owned);
        read(parameters, client, redirect_uri.clone()).map_err(|error| Untaken::Refused {
            redirect_uri,
            state,
            error,
        })
    }

    /// What a person still has to do, or why the client gets no code because they are not to be asked.
    pub fn next_step(
        &self,
        client: &Client,
        known: Known<'_>,
        now: Timestamp,
    ) -> Result<Step, AuthorizationError> {
        let is_signed_in = known.session.is_some_and(|session| {
            let at = session.authentication.at;
            // Whoever signed in on a page of this very request has done what it asks for.
            let on_this_page = known.page_since.is_some_and(|since| at >= since);
            let recently = self.max_age.is_none_or(|max_age| now.duration_since(at) <= max_age);
            // What the client would like is not asked of who has nothing to show for it.
            let is_too_weak = known.has_second_factor && self.wants_more_than(session);
            !is_too_weak && (on_this_page || (!self.prompt.login && recently))
        });
        let has_consented = client.details.first_party
            || known.consented.is_some_and(|scopes| self.scopes.are_within(scopes));
        match (is_signed_in, has_consented && !self.prompt.consent) {
            (true, true) => Ok(Step::Answer),
            (false, _) if self.prompt.none => Err(AuthorizationError::LoginRequired),
            (true, false) if self.prompt.none => Err(AuthorizationError::ConsentRequired),
            (false, _) => Ok(Step::SignIn),
            (true, false) => Ok(Step::Consent),
        }
    }

    /// Whether the client would like the person to be authenticated more strongly (RFC 9470). It is a voluntary claim
    /// (OpenID Connect Core section 3.1.2.1): who can't show more is let in with what they have, and `acr` says so.
    pub fn wants_more_than(&self, session: &Session) -> bool {
        self.acr.is_some_and(|wanted| session.authentication.acr() < wanted)
    }
}

fn read(
    parameters: &Parameters,
    client: &Client,
    redirect_uri: String,
) -> Result<AuthorizationRequest, AuthorizationError> {
    use AuthorizationError::{
        InvalidRequest, RequestNotSupported, UnauthorizedClient, UnsupportedResponseType,
    };
    if parameters.get("request").is_some() {
        return Err(RequestNotSupported);
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(UnauthorizedClient);
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(UnsupportedResponseType),
        None => return Err(InvalidRequest("response_type is required")),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(InvalidRequest("response_mode must be query"));
    }
    let echo = |name, fault| match parameters.get(name) {
        Some(text) if text.len() > ECHO_MAX_BYTES => Err(InvalidRequest(fault)),
        text => Ok(text.map(str::to_owned)),
    };
    let challenge =
        CodeChallenge::parse(parameters.get("code_challenge"), parameters.get("code_challenge_method"));
    let challenge = challenge.map_err(|fault| match fault {
        super::PkceFault::Missing => InvalidRequest("code_challenge is required"),
        super::PkceFault::Method => InvalidRequest("code_challenge_method must be S256"),
        super::PkceFault::Malformed => InvalidRequest("code_challenge must be the base64url of a SHA-256"),
    })?;
    let max_age = parameters.get("max_age").map(str::parse::<u32>).transpose();
    let max_age = max_age.map_err(|_| InvalidRequest("max_age must be a number of seconds"))?;
    let key = parameters.get("dpop_jkt");
    if key.is_some_and(|key| !is_thumbprint(key)) {
        return Err(InvalidRequest("dpop_jkt must be the base64url of a SHA-256"));
    }
    let acr_values = parameters.get("acr_values").unwrap_or_default();
    Ok(AuthorizationRequest {
        client: client.id,
        redirect_uri,
        redirect_uri_is_named: parameters.get("redirect_uri").is_some(),
        scopes: Scopes::requested(parameters.get("scope"), client)?,
        state: echo("state", "state is longer than 1024 bytes")?,
        nonce: echo("nonce", "nonce is longer than 1024 bytes")?,
        challenge,
        key: key.map(str::to_owned),
        login_hint: echo("login_hint", "login_hint is longer than 1024 bytes")?,
        prompt: prompt(parameters.get("prompt").unwrap_or_default())?,
        max_age: max_age.map(|seconds| SignedDuration::from_secs(i64::from(seconds))),
        acr: acr_values.split(' ').find_map(Acr::from_name),
    })
}

fn prompt(text: &str) -> Result<Prompt, AuthorizationError> {
    let mut prompt = Prompt::default();
    for name in text.split(' ').filter(|name| !name.is_empty()) {
        match name {
            "none" => prompt.none = true,
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(AuthorizationError::InvalidRequest("prompt must be none, login or consent")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(AuthorizationError::InvalidRequest("prompt none stands alone"));
    }
    Ok(prompt)
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
