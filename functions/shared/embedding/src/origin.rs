//! Origins of web pages.

use std::fmt;

/// The longest host name of DNS, with a scheme and a port.
const MAX_BYTES: usize = 8 + 253 + 6;

/// The origin of a web page as browsers send it (RFC 6454, section 6.1): scheme, host and, where it is not the scheme's own, port.
/// In lower case: `https://Blog.example:443` and `https://blog.example` are the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

/// A text that is no origin of a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin such as https://blog.example")]
pub struct InvalidOrigin;

impl Origin {
    /// Reads an origin. Nothing may stand behind host and port, not even a slash; a host that is not of ASCII is written as browsers
    /// send it (`xn--…`).
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        if text.len() > MAX_BYTES {
            return Err(InvalidOrigin);
        }
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin),
        };
        let (host, port) = split_port(authority)?;
        if !(is_name(host) || is_ipv6(host)) {
            return Err(InvalidOrigin);
        }
        match port {
            Some(port) if port != default_port => Ok(Origin(format!("{scheme}://{host}:{port}"))),
            Some(_) | None => Ok(Origin(format!("{scheme}://{host}"))),
        }
    }

    /// The origin of a URL, whatever stands behind it.
    pub fn of_url(url: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidOrigin)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        Origin::parse(&format!("{scheme}://{authority}"))
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A colon within brackets is the address's own.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidOrigin> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let is_plain = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port = port.parse().ok().filter(|port| is_plain && *port > 0);
            port.map(|port| (host, Some(port))).ok_or(InvalidOrigin)
        }
        Some(_) | None => Ok((authority, None)),
    }
}

fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.split('.').all(is_label)
}

fn is_ipv6(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_the_schemes_own_port_do_not_make_another_origin() {
        for (text, origin) in [
            ("https://blog.example", "https://blog.example"),
            ("HTTPS://Blog.Example", "https://blog.example"),
            ("https://blog.example:443", "https://blog.example"),
            ("http://blog.example:80", "http://blog.example"),
            ("http://blog.example:443", "http://blog.example:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:08080", "http://127.0.0.1:8080"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://[::1]", "https://[::1]"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn what_could_be_mistaken_for_something_else_is_refused() {
        let long = format!("https://{}.example", "a.".repeat(150));
        for text in [
            "",
            "*",
            "null",
            "blog.example",
            "https://",
            "https://blog.example/",
            "https://blog.example/a",
            "https://blog.example?a",
            "https://blog.example#a",
            "https://a@blog.example",
            "https://*.blog.example",
            "https://blog..example",
            "https://blog.example:",
            "https://blog.example:0",
            "https://blog.example:+1",
            "https://blog.example:65536",
            "https://[::1",
            "https://::1",
            "https://[blog]",
            "https://b\u{fc}cher.example",
            "https://blog.example https://other.example",
            "ftp://blog.example",
            "https:blog.example",
            &long,
        ] {
            assert_eq!(Origin::parse(text), Err(InvalidOrigin), "{text:?}");
        }
    }

    #[test]
    fn a_url_has_an_origin() {
        let origin = Ok(Origin("https://blog.example".to_owned()));
        for url in ["https://blog.example", "https://blog.example/a?b", "https://BLOG.example:443#c"] {
            assert_eq!(Origin::of_url(url), origin, "{url}");
        }
        assert_eq!(Origin::of_url("/watch"), Err(InvalidOrigin));
    }
}
