//! The browser that shows a page: who is signed in with it, and what its forms prove.

use super::Cookies;
use super::form_token::{self, Issued};
use crate::secret::OneTimeSecret;
use auth_credentials::{Purpose, passkey_challenge};
use auth_passkeys::{RelyingParty, RequestOptions};
use auth_storage::SignedIn;
use auth_tokens::Tokens;
use axum::extract::{Extension, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};

/// A browser that has sent a request.
pub(crate) struct Browser {
    pub(crate) context: Context,
    pub(crate) tokens: Tokens,
    pub(crate) relying_party: RelyingParty,
    pub(crate) headers: HeaderMap,
    pub(crate) address: ClientAddress,
    cookies: Cookies,
}

impl FromRequestParts<Context> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Extension(tokens) = Extension::<Tokens>::from_request_parts(parts, context)
            .await
            .map_err(|error| Problem::internal(&error))?;
        let Extension(relying_party) = Extension::<RelyingParty>::from_request_parts(parts, context)
            .await
            .map_err(|error| Problem::internal(&error))?;
        let Ok(address) = ClientAddress::from_request_parts(parts, context).await;
        let cookies = Cookies::of(tokens.issuer());
        let headers = parts.headers.clone();
        Ok(Browser { context: context.clone(), tokens, relying_party, headers, address, cookies })
    }
}

/// Cookies are between the pages and the browser.
impl Describe for Browser {
    fn describe(_: &mut Operation) {}
}

impl Browser {
    /// Who is signed in.
    pub(crate) async fn signed_in(&self) -> Result<Option<SignedIn>, Problem> {
        match self.cookies.session(&self.headers) {
            Some(cookie) => {
                auth_storage::browser_session(self.context.bridge(), cookie, self.context.now()).await
            }
            None => Ok(None),
        }
    }

    /// The cookie of a session that has just begun.
    pub(crate) fn session_cookie(&self, secret: &OneTimeSecret) -> (http::HeaderName, http::HeaderValue) {
        self.cookies.set_session(secret)
    }

    /// A token for a form of an errand that began then, or now.
    pub(crate) fn form_token(&self, since: Option<Timestamp>) -> Issued {
        let since = since.unwrap_or_else(|| self.context.now());
        let secret = self.tokens.secret();
        let (browser, cookie) = match self.cookies.form(&self.headers) {
            Some(browser) => (browser.to_owned(), None),
            None => {
                let browser = OneTimeSecret::new(&self.context).reveal().to_owned();
                let cookie = self.cookies.set_form(&browser);
                (browser, Some(cookie))
            }
        };
        Issued {
            text: form_token::issue(secret, &browser, since),
            passkey: self.passkey_options(&browser),
            cookie,
        }
    }

    /// What this browser is to show a passkey for.
    fn passkey_options(&self, browser: &str) -> RequestOptions {
        let challenge = passkey_challenge(&self.context, self.tokens.secret(), Purpose::Page(browser));
        self.relying_party.request_options(&challenge, &[])
    }

    /// What a challenge must have been made for, that a passkey answers here.
    pub(crate) fn passkey_purpose(&self) -> Option<Purpose<'_>> {
        self.cookies.form(&self.headers).map(Purpose::Page)
    }

    /// When the errand of a form began, if the form was given to this browser, and not too long ago.
    pub(crate) fn errand_since(&self, form_token: Option<&str>) -> Option<Timestamp> {
        let browser = self.cookies.form(&self.headers)?;
        form_token::read(self.tokens.secret(), browser, form_token?, self.context.now())
    }
}
