//! The two cookies of the pages: who is signed in, and which browser a form was given to.

use crate::secret::{OneTimeSecret, digest};
use auth_storage::TokenHash;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// As long as any session lasts (90 days); the session itself says when it ends.
const SESSION_MAX_AGE_S: u32 = 90 * 24 * 60 * 60;
const SECRET_CHARS: usize = 43;

/// Reads and sets the cookies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    /// Whether the platform is reached by https. Then the names have a prefix by which browsers take them from
    /// nobody else (RFC 6265bis section 4.1.3.2).
    is_https: bool,
}

impl Cookies {
    pub(crate) fn of(issuer: &str) -> Self {
        Cookies { is_https: issuer.starts_with("https://") }
    }

    /// What names the browser's session.
    pub(crate) fn session(self, headers: &HeaderMap) -> Option<TokenHash> {
        self.read(headers, "mcsp_session").map(digest)
    }

    /// What binds a form to its browser.
    pub(crate) fn form(self, headers: &HeaderMap) -> Option<&str> {
        self.read(headers, "mcsp_form")
    }

    pub(crate) fn set_session(self, secret: &OneTimeSecret) -> (HeaderName, HeaderValue) {
        self.set("mcsp_session", secret.reveal(), &format!("; Max-Age={SESSION_MAX_AGE_S}"))
    }

    /// For as long as the browser is open.
    pub(crate) fn set_form(self, secret: &str) -> (HeaderName, HeaderValue) {
        self.set("mcsp_form", secret, "")
    }

    fn set(self, name: &str, secret: &str, max_age: &str) -> (HeaderName, HeaderValue) {
        let (prefix, secure) = if self.is_https { ("__Host-", "; Secure") } else { ("", "") };
        let cookie = format!("{prefix}{name}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}");
        // Names and base64url: nothing that a header cannot hold.
        (header::SET_COOKIE, HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static("")))
    }

    fn read<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let prefix = if self.is_https { "__Host-" } else { "" };
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs
            .filter(|(key, _)| key.strip_prefix(prefix) == Some(name))
            .map(|(_, value)| value)
            .find(|value| value.len() == SECRET_CHARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE";

    fn cookie(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let (_, value) = Cookies::of("https://auth.example").set_form(SECRET);
        assert_eq!(value, format!("__Host-mcsp_form={SECRET}; Path=/; HttpOnly; SameSite=Lax; Secure"));
        let (_, value) = Cookies::of("http://127.0.0.1:8080").set_form(SECRET);
        assert_eq!(value, format!("mcsp_form={SECRET}; Path=/; HttpOnly; SameSite=Lax"));
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let (https, http) = (Cookies::of("https://a.example"), Cookies::of("http://127.0.0.1"));
        let both = cookie(&format!("a=b; mcsp_form={SECRET}; x__Host-mcsp_form=no"));
        assert_eq!(http.form(&both), Some(SECRET));
        assert_eq!(https.form(&both), None, "one without the prefix may be anybody's");
        assert_eq!(https.form(&cookie(&format!("__Host-mcsp_form={SECRET}"))), Some(SECRET));
        assert_eq!(http.form(&cookie("mcsp_form=short")), None);
    }
}
