//! Where a client is answered. A redirect URI decides who gets the code, so no two texts are the same one.

use std::fmt;
use std::net::Ipv6Addr;

const URI_MAX_BYTES: usize = 1024;

/// Where the authorization endpoint sends the browser back to.
///
/// One of: `https`; `http` to a loopback address, for native applications (RFC 8252 section 7.3); a private-use
/// scheme, which is a domain name in reverse (RFC 8252 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

/// Where a client is told of a logout, by the browser or by us: `https`, or `http` to a loopback address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutUri(String);

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUri {
    /// More than [`URI_MAX_BYTES`].
    #[error("must be at most {URI_MAX_BYTES} characters long")]
    TooLong,
    /// Not of the form of an absolute URI, or with characters that browsers and servers read differently.
    #[error("must be an absolute URI such as https://app.example/callback, in ASCII")]
    Malformed,
    /// What stands behind `#` never reaches a server (RFC 6749 section 3.1.2).
    #[error("must not have a fragment")]
    Fragment,
    /// Each place is named.
    #[error("must not have a wildcard: register each address")]
    Wildcard,
    /// A name before the host shows another host than the one that is meant.
    #[error("must not have a user name")]
    UserInfo,
    /// In the clear over a network, or no scheme that belongs to the application.
    #[error(
        "must be https, http to a loopback address, or a private-use scheme such as com.example.app:/callback"
    )]
    Scheme,
}

impl InvalidUri {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidUri::TooLong => "too_long",
            InvalidUri::Malformed => "invalid_uri",
            InvalidUri::Fragment => "uri_with_fragment",
            InvalidUri::Wildcard => "uri_with_wildcard",
            InvalidUri::UserInfo => "uri_with_user_name",
            InvalidUri::Scheme => "uri_scheme_not_allowed",
        }
    }
}

impl RedirectUri {
    /// Takes the text as it is: it is compared character by character.
    pub fn parse(text: &str) -> Result<Self, InvalidUri> {
        let (scheme, rest) = parts(text)?;
        let private_use = scheme.contains('.') && !rest.starts_with("//");
        if private_use || is_web(scheme, rest)? {
            Ok(RedirectUri(text.to_owned()))
        } else {
            Err(InvalidUri::Scheme)
        }
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request that names this URI means the registered one.
    pub fn admits(&self, requested: &str) -> bool {
        match (Loopback::of(&self.0), Loopback::of(requested)) {
            (Some(registered), Some(requested)) => registered == requested,
            _ => self.0 == requested,
        }
    }
}

impl LogoutUri {
    /// Takes the text as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidUri> {
        let (scheme, rest) = parts(text)?;
        if is_web(scheme, rest)? { Ok(LogoutUri(text.to_owned())) } else { Err(InvalidUri::Scheme) }
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for LogoutUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An `http` URI of a loopback address, without its port.
#[derive(PartialEq, Eq)]
struct Loopback<'a> {
    host: &'a str,
    path: &'a str,
}

impl<'a> Loopback<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        let rest = uri.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority)?;
        // What does not parse as a port would be another host to whoever follows the redirect.
        let is_loopback = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
        (is_loopback && (port.is_empty() || port.parse::<u16>().is_ok())).then_some(Loopback { host, path })
    }
}

/// Splits an authority without user name; the port is empty where there is none.
fn host_and_port(authority: &str) -> Option<(&str, &str)> {
    let host_end = if authority.starts_with('[') { authority.find(']')? + 1 } else { 0 };
    let (_, after_host) = authority.split_at_checked(host_end)?;
    match after_host.find(':') {
        None => Some((authority, "")),
        Some(colon) => {
            let (host, port) = authority.split_at_checked(host_end + colon)?;
            Some((host, port.strip_prefix(':').filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?))
        }
    }
}

/// What all URIs have in common. Gives the scheme, and what follows its colon.
fn parts(text: &str) -> Result<(&str, &str), InvalidUri> {
    if text.len() > URI_MAX_BYTES {
        return Err(InvalidUri::TooLong);
    }
    if text.contains('#') {
        return Err(InvalidUri::Fragment);
    }
    if text.contains('*') {
        return Err(InvalidUri::Wildcard);
    }
    // The characters of RFC 3986 section 2 and no others: browsers change a backslash and drop a newline.
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()+,;=%".contains(&b);
    let (scheme, rest) = text.split_once(':').ok_or(InvalidUri::Malformed)?;
    let scheme_is_lower = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_is_lower || rest.is_empty() || !text.bytes().all(is_allowed) {
        return Err(InvalidUri::Malformed);
    }
    Ok((scheme, rest))
}

/// Whether it is `https`, or `http` to a loopback address.
fn is_web(scheme: &str, rest: &str) -> Result<bool, InvalidUri> {
    if !matches!(scheme, "http" | "https") {
        return Ok(false);
    }
    let rest = rest.strip_prefix("//").ok_or(InvalidUri::Malformed)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(InvalidUri::UserInfo);
    }
    let (host, port) = host_and_port(authority).ok_or(InvalidUri::Malformed)?;
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let bracketed = literal.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    let named = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    if !(bracketed || named) || !(port.is_empty() || port.parse::<u16>().is_ok()) {
        return Err(InvalidUri::Malformed);
    }
    Ok(scheme == "https" || matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}
