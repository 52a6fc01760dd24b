//! Which web pages may call a component (CORS; Fetch Standard, section 3.3): those of the origins in its variable `web_origins`.
//!
//! Tokens are sent in headers, and no component that has this variable reads a cookie. So a page can do what whoever has the token can
//! do without a browser, and no more; what is left to decide is whose pages these are.

use crate::{Context, MissingVariable};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};

/// A JSON array of origins. Where the component has no such variable, or the array is empty, there is none of this.
const VARIABLE: &str = "web_origins";

/// How a page may call. The methods that a path has, its answer tells.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a page may read of an answer: all of it, as no cookie was sent.
const READABLE: HeaderValue = HeaderValue::from_static("*");
/// How long a browser need not ask again, in seconds: what the most patient of them keep.
const ASKED_FOR_S: HeaderValue = HeaderValue::from_static("7200");
/// The leave depends on these, and so does what caches may keep of it.
const ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const ASKED: HeaderValue = HeaderValue::from_static("access-control-request-headers");

/// The origins whose pages may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebOrigins(Vec<HeaderValue>);

impl WebOrigins {
    /// What the component's variable says; none where no page may call.
    pub(crate) fn of(context: &Context) -> Result<Option<Self>, MissingVariable> {
        let Ok(text) = context.variable(VARIABLE) else { return Ok(None) };
        let origins = WebOrigins::parse(text).ok_or(MissingVariable(VARIABLE))?;
        Ok(Some(origins).filter(|WebOrigins(origins)| !origins.is_empty()))
    }

    fn parse(text: &str) -> Option<Self> {
        let origins: Vec<String> = serde_json::from_str(text).ok()?;
        origins.iter().map(|origin| parse_origin(origin)).collect::<Option<_>>().map(WebOrigins)
    }

    /// The origin of the page that asks, if it may.
    pub(crate) fn page(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.0.iter().find(|known| *known == origin)
    }

    /// Lets the page read the answer. Also where there is none, another page may not be given what a cache has of it.
    pub(crate) fn allow(page: Option<HeaderValue>, headers: &mut HeaderMap) {
        headers.append(header::VARY, ORIGIN);
        if let Some(page) = page {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
        }
    }
}

/// Whether a browser asks for leave to call (a preflight), and does not call yet.
pub(crate) fn asks_for_leave<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The leave to call, with whatever headers are asked for: what they may say, the operation decides.
pub(crate) fn leave(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, ASKED_FOR_S);
    headers.append(header::VARY, ASKED);
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

/// Takes an origin as browsers send it (RFC 6454, section 6.1): a scheme and a host, and nothing behind them.
fn parse_origin(text: &str) -> Option<HeaderValue> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?, uri.authority()?);
    let is_of_the_web = matches!(scheme, "http" | "https");
    let is_as_sent = text == format!("{scheme}://{host}").to_ascii_lowercase() && !text.contains('@');
    if is_of_the_web && is_as_sent { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_as_browsers_send_them() {
        for good in
            ["https://studio.example", "http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]"]
        {
            let origins = WebOrigins::parse(&format!("[{good:?}]"));
            assert_eq!(origins, Some(WebOrigins(vec![good.parse().unwrap()])), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "studio.example",
            "https://studio.example/",
            "https://studio.example/upload",
            "https://Studio.example",
            "https://a@studio.example",
            "ftp://studio.example",
        ] {
            assert_eq!(WebOrigins::parse(&format!("[{bad:?}]")), None, "{bad}");
        }
        for bad in ["", "https://studio.example", "{}", "[7]"] {
            assert_eq!(WebOrigins::parse(bad), None, "{bad}");
        }
        assert_eq!(WebOrigins::parse("[]"), Some(WebOrigins(Vec::new())));
    }
}
