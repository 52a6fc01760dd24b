//! The platform, as browsers and authenticators know it: by a domain, and by the origins of its pages.

use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;

/// An address can't name a relying party. A platform that has nothing but one is its owner's own machine.
const OWN_MACHINE: &str = "localhost";
/// An application on Android, by the digest of the key that signs it.
const ANDROID: &str = "android:apk-key-hash:";

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    id: String,
    id_hash: [u8; 32],
    origins: Vec<String>,
}

/// What is configured can't be a relying party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelyingParty {
    /// The issuer is no URL.
    #[error("the issuer has no host")]
    Issuer,
    /// An address, or empty.
    #[error("a relying party is named by a domain")]
    Id,
    /// Not a JSON array of origins.
    #[error("origins are a JSON array of texts")]
    Origins,
    /// A browser would not show passkeys of the relying party there.
    #[error("{0} is no origin within the relying party's domain")]
    Foreign(String),
}

impl RelyingParty {
    /// The issuer's host and pages. `id` is another domain, if not empty: the host's own, or one above it. `origins` is a
    /// JSON array of further origins whose pages may ask for passkeys.
    pub fn new(issuer: &str, id: &str, origins: &str) -> Result<Self, InvalidRelyingParty> {
        let own_origin = origin_of(issuer).ok_or(InvalidRelyingParty::Issuer)?;
        let host = host_of(own_origin).ok_or(InvalidRelyingParty::Issuer)?;
        let mut all = vec![own_origin.to_owned()];
        let id = match (id, is_address(host)) {
            ("", false) => host,
            ("", true) => {
                all.push(own_origin.replacen(host, OWN_MACHINE, 1));
                OWN_MACHINE
            }
            (id, _) => id,
        };
        if id.is_empty() || is_address(id) || id.contains(['/', ':']) {
            return Err(InvalidRelyingParty::Id);
        }
        let more: Vec<String> = serde_json::from_str(origins).map_err(|_| InvalidRelyingParty::Origins)?;
        if let Some(foreign) = more.iter().find(|origin| !is_within(origin, id)) {
            return Err(InvalidRelyingParty::Foreign(foreign.clone()));
        }
        all.extend(more);
        let id_hash = Sha256::digest(id).into();
        Ok(RelyingParty(Arc::new(Inner { id: id.to_owned(), id_hash, origins: all })))
    }

    /// Its domain.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub(crate) fn id_hash(&self) -> [u8; 32] {
        self.0.id_hash
    }

    /// Browsers give origins in their one form (RFC 6454 section 6.2), so they are compared character by character.
    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.0.origins.iter().any(|one| one == origin)
    }
}

fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    url.get(..scheme.len() + "://".len() + authority.len())
}

/// Without its port.
fn host_of(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://")?;
    let host = match authority.find(']') {
        Some(end) => authority.get(..=end)?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn is_within(origin: &str, id: &str) -> bool {
    if origin.starts_with(ANDROID) {
        return true;
    }
    let host = if origin_of(origin) == Some(origin) { host_of(origin) } else { None };
    let is_below = |host: &str| host == id || host.strip_suffix(id).is_some_and(|rest| rest.ends_with('.'));
    // Browsers show passkeys to secure pages only.
    let is_secure = origin.starts_with("https://") || host == Some(OWN_MACHINE);
    is_secure && host.is_some_and(is_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(issuer: &str, id: &str, origins: &str) -> Result<(String, Vec<String>), InvalidRelyingParty> {
        RelyingParty::new(issuer, id, origins).map(|party| (party.id().to_owned(), party.0.origins.clone()))
    }

    #[test]
    fn it_is_the_issuers_host_unless_another_is_configured() {
        for (issuer, id, origins, expected) in [
            ("https://auth.example.com", "", "[]", ("auth.example.com", vec!["https://auth.example.com"])),
            ("https://a.example:8443/x", "", "[]", ("a.example", vec!["https://a.example:8443"])),
            (
                "https://auth.example.com",
                "example.com",
                r#"["https://app.example.com", "android:apk-key-hash:abc"]"#,
                (
                    "example.com",
                    vec!["https://auth.example.com", "https://app.example.com", "android:apk-key-hash:abc"],
                ),
            ),
            (
                "http://127.0.0.1:8080",
                "",
                r#"["http://localhost:3000"]"#,
                (
                    "localhost",
                    vec!["http://127.0.0.1:8080", "http://localhost:8080", "http://localhost:3000"],
                ),
            ),
            (
                "http://[::1]:8080",
                "",
                "[]",
                ("localhost", vec!["http://[::1]:8080", "http://localhost:8080"]),
            ),
        ] {
            let (id_, origins_) = party(issuer, id, origins).unwrap();
            assert_eq!((id_.as_str(), origins_.iter().map(String::as_str).collect::<Vec<_>>()), expected);
        }
    }

    #[test]
    fn what_no_browser_would_take_is_refused_at_once() {
        let issuer = "https://auth.example.com";
        assert_eq!(party("auth.example.com", "", "[]"), Err(InvalidRelyingParty::Issuer));
        for id in ["10.0.0.1", "[::1]", "https://example.com", "example.com:8080"] {
            assert_eq!(party(issuer, id, "[]"), Err(InvalidRelyingParty::Id), "{id}");
        }
        for origins in ["", "{}", "[1]"] {
            assert_eq!(party(issuer, "", origins), Err(InvalidRelyingParty::Origins), "{origins}");
        }
        for origin in [
            "https://evil.com",
            "https://notexample.com",
            "http://app.example.com",
            "https://app.example.com/",
            "https://example.com.evil.com",
            "app.example.com",
        ] {
            let origins = format!("[\"{origin}\"]");
            let foreign = InvalidRelyingParty::Foreign(origin.to_owned());
            assert_eq!(party(issuer, "example.com", &origins), Err(foreign), "{origin}");
        }
    }
}
