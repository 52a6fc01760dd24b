//! What a form proves: that it was given to this very browser, and when the person's errand began (a signed
//! double-submit cookie).

use auth_passkeys::RequestOptions;
use auth_tokens::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

/// How long a page can be left open.
const FORM_LIFE: SignedDuration = SignedDuration::from_mins(30);
const PURPOSE: &str = "form";

/// A token for a new form, and the cookie that it needs where the browser has none.
pub(crate) struct Issued {
    pub(crate) text: String,
    /// What the browser is to show a passkey for, in the place of the form's password.
    pub(crate) passkey: RequestOptions,
    pub(crate) cookie: Option<(HeaderName, HeaderValue)>,
}

/// A token for the browser that has this cookie.
pub(crate) fn issue(secret: &Secret, browser: &str, since: Timestamp) -> String {
    let since_us = since.as_microsecond();
    format!("{since_us}.{}", mac(secret, browser, since_us))
}

/// Since when, if the token was given to this browser not too long ago.
pub(crate) fn read(secret: &Secret, browser: &str, token: &str, now: Timestamp) -> Option<Timestamp> {
    let (since_us, given) = token.split_once('.')?;
    let since_us: i64 = since_us.parse().ok()?;
    let is_ours = bool::from(mac(secret, browser, since_us).as_bytes().ct_eq(given.as_bytes()));
    let since = Timestamp::from_microsecond(since_us).ok().filter(|_| is_ours)?;
    (now.duration_since(since) <= FORM_LIFE).then_some(since)
}

fn mac(secret: &Secret, browser: &str, since_us: i64) -> String {
    URL_SAFE_NO_PAD.encode(secret.mac(PURPOSE, format!("{browser} {since_us}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_use_to_its_browser_and_for_half_an_hour() {
        let secret = Secret::parse("dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE").unwrap();
        let since = Timestamp::from_second(1_000).unwrap();
        let token = issue(&secret, "browser", since);
        assert_eq!(read(&secret, "browser", &token, since + FORM_LIFE), Some(since));
        let too_late = since + FORM_LIFE + SignedDuration::from_secs(1);
        assert_eq!(read(&secret, "browser", &token, too_late), None);
        assert_eq!(read(&secret, "another", &token, since), None);
        for forged in ["", ".", "1000000000.", &token.replacen('1', "2", 1), &format!("{token}A")] {
            assert_eq!(read(&secret, "browser", forged, since), None, "{forged}");
        }
    }
}
