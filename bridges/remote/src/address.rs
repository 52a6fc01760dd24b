//! Where the bridge is.

use http::Uri;
use http::uri::{Authority, Scheme};
use std::path::PathBuf;
use std::str::FromStr;

/// Where `mcsp-bridge` listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `http://127.0.0.1:9095`
    Http(Authority),
    /// The path of its Unix socket.
    Unix(PathBuf),
}

/// What is neither.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither the path of a socket nor http:// and an address")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !text.contains("://") && !text.is_empty() {
            return Ok(Address::Unix(PathBuf::from(text)));
        }
        let refused = || AddressError(text.to_owned());
        let parts = text.parse::<Uri>().map_err(|_| refused())?.into_parts();
        let is_bare = parts.path_and_query.is_none_or(|path| path.as_str() == "/");
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) if scheme == Scheme::HTTP && is_bare => {
                Ok(Address::Http(authority))
            }
            _ => Err(refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_url_are_told_apart() {
        assert_eq!("/run/mcsp/bridge.sock".parse(), Ok(Address::Unix("/run/mcsp/bridge.sock".into())));
        let authority = Authority::from_static("127.0.0.1:9095");
        assert_eq!("http://127.0.0.1:9095/".parse(), Ok(Address::Http(authority)));
        for text in ["", "https://127.0.0.1", "http://", "http://127.0.0.1/v1", "http://127.0.0.1/?a"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError(text.to_owned())));
        }
    }
}
