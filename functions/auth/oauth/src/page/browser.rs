//! The browser that shows a page: who is signed in with it, and what its forms prove.

use super::Cookies;
use super::form_token::{self, Issued};
use crate::secret::OneTimeSecret;
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
        let Ok(address) = ClientAddress::from_request_parts(parts, context).await;
        let cookies = Cookies::of(tokens.issuer());
        Ok(Browser { context: context.clone(), tokens, headers: parts.headers.clone(), address, cookies })
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
        match self.cookies.form(&self.headers) {
            Some(browser) => Issued { text: form_token::issue(secret, browser, since), cookie: None },
            None => {
                let browser = OneTimeSecret::new(&self.context);
                let text = form_token::issue(secret, browser.reveal(), since);
                Issued { text, cookie: Some(self.cookies.set_form(browser.reveal())) }
            }
        }
    }

    /// When the errand of a form began, if the form was given to this browser, and not too long ago.
    pub(crate) fn errand_since(&self, form_token: Option<&str>) -> Option<Timestamp> {
        let browser = self.cookies.form(&self.headers)?;
        form_token::read(self.tokens.secret(), browser, form_token?, self.context.now())
    }
}
