//! A target's configuration, parsed once.

use crate::config::{ANYWHERE, TargetConfig};
use crate::error::{InvalidTarget, ServicesError};
use crate::outside::Outside;
use http::header::HeaderName;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Uri};
use std::sync::Arc;
use std::time::Duration;

/// Headers of a request that the client sets itself.
const CLIENT_HEADERS: [&str; 3] = ["content-length", "expect", "host"];
/// Headers that belong to one connection (RFC 9110, section 7.6.1).
const CONNECTION_HEADERS: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[derive(Debug)]
pub(crate) struct Target {
    place: Place,
    unforwarded: Vec<HeaderName>,
    pub deadline: Duration,
    pub max_response_bytes: usize,
    pub max_request_bytes: usize,
}

/// Where a target is.
#[derive(Debug)]
enum Place {
    At {
        authority: Authority,
        /// Without a trailing slash.
        path_prefix: String,
    },
    Anywhere(Arc<Outside>),
}

impl Place {
    fn new(name: &str, config: &TargetConfig) -> Result<Self, InvalidTarget> {
        let invalid = |problem| InvalidTarget { target: name.to_owned(), problem };
        if config.base_url == ANYWHERE {
            return Ok(Place::Anywhere(Arc::new(Outside::new(name, &config.networks)?)));
        }
        let base: Uri = config.base_url.parse().map_err(|_| invalid("`base_url` is no URL"))?;
        let parts = base.into_parts();
        if parts.scheme != Some(Scheme::HTTP) {
            return Err(invalid("`base_url` must begin with http://"));
        }
        let authority = parts.authority.ok_or_else(|| invalid("`base_url` has no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("`base_url` must not hold a user or password"));
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(invalid("`base_url` must not have a query"));
        }
        Ok(Place::At { authority, path_prefix: path.path().trim_end_matches('/').to_owned() })
    }
}

impl Target {
    pub fn new(name: &str, config: &TargetConfig) -> Result<Self, InvalidTarget> {
        let invalid = |problem| InvalidTarget { target: name.to_owned(), problem };
        let unforwarded: Result<Vec<HeaderName>, _> =
            config.unforwarded_headers.iter().map(|header| header.parse()).collect();
        Ok(Target {
            place: Place::new(name, config)?,
            unforwarded: unforwarded.map_err(|_| invalid("`unforwarded_headers` holds no header name"))?,
            deadline: Duration::from_millis(u64::from(config.deadline_ms)),
            max_response_bytes: config.max_response_bytes,
            max_request_bytes: config.max_request_bytes,
        })
    }

    /// The address of `path` at this target.
    pub fn uri(&self, path: &str) -> Result<Uri, ServicesError> {
        const MALFORMED: ServicesError = ServicesError::Refused("malformed-path");
        let (authority, path_prefix) = match &self.place {
            Place::At { authority, path_prefix } => (authority, path_prefix),
            Place::Anywhere(outside) => return outside.uri(path),
        };
        if !path.starts_with('/') || path.contains('#') || leaves_the_prefix(path) {
            return Err(MALFORMED);
        }
        let path_and_query = format!("{path_prefix}{path}");
        Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(authority.clone())
            .path_and_query(path_and_query)
            .build()
            .map_err(|_| MALFORMED)
    }

    /// The way to the outside, where the target is there.
    pub fn outside(&self) -> Option<&Arc<Outside>> {
        match &self.place {
            Place::At { .. } => None,
            Place::Anywhere(outside) => Some(outside),
        }
    }

    /// Takes out of a request's headers what must not be forwarded.
    pub fn strip_request(&self, headers: &mut HeaderMap) {
        strip_connection_headers(headers);
        CLIENT_HEADERS.iter().for_each(|name| {
            headers.remove(*name);
        });
        self.unforwarded.iter().for_each(|name| {
            headers.remove(name);
        });
    }
}

/// Takes out what belongs to a connection. `content-length` stays in an answer: to HEAD it is the answer.
pub(crate) fn strip_connection_headers(headers: &mut HeaderMap) {
    CONNECTION_HEADERS.iter().for_each(|name| {
        headers.remove(*name);
    });
}

/// Dot segments could climb out of the prefix that the target's configuration sets.
fn leaves_the_prefix(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_after_the_prefix() {
        for (base, expected) in [
            ("http://auth:8080", "http://auth:8080/v1/keys?a=b"),
            ("http://auth:8080/", "http://auth:8080/v1/keys?a=b"),
            ("http://gateway/auth/", "http://gateway/auth/v1/keys?a=b"),
        ] {
            let target = Target::new("auth", &TargetConfig::at(base)).unwrap();
            assert_eq!(target.uri("/v1/keys?a=b").unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_path_that_could_reach_elsewhere_is_refused() {
        let target = Target::new("auth", &TargetConfig::at("http://gateway/auth")).unwrap();
        for path in [
            "",
            "v1",
            "http://other/",
            "/../admin",
            "/a/%2E%2e/admin",
            "/a/./b",
            "/a#b",
            "/a b",
            "/..\\x",
            "@other/",
        ] {
            assert!(matches!(target.uri(path), Err(ServicesError::Refused("malformed-path"))), "{path}");
        }
        assert!(target.uri("/a..b/...?x=..").is_ok());
    }

    #[test]
    fn a_base_url_that_cannot_be_used_is_refused() {
        for base in ["", "auth", "https://auth", "ftp://auth", "http://user:password@auth", "http://auth?x=1"]
        {
            assert!(Target::new("auth", &TargetConfig::at(base)).is_err(), "{base}");
        }
    }
}
