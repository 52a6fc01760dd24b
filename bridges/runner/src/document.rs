//! Documents that the runner itself shows, where no function has the path.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use sha2::{Digest, Sha256};

/// What documents are asked with.
const METHODS: &str = "GET, HEAD";

/// A document at a path of its own.
#[derive(Clone, Debug)]
pub struct Document {
    path: &'static str,
    headers: HeaderMap,
    body: Bytes,
}

impl Document {
    /// A document in JSON.
    pub fn json(path: &'static str, body: String) -> Self {
        Self::new(path, "application/json", "default-src 'none'; frame-ancestors 'none'", body)
    }

    /// A page that may load nothing and run nothing, with this style inside.
    pub fn page(path: &'static str, body: String, style: &str) -> Self {
        let style = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Self::new(path, "text/html; charset=utf-8", &policy, body)
    }

    fn new(path: &'static str, content_type: &'static str, policy: &str, body: String) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(body.as_bytes())));
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ]);
        // Base64 and fixed text: both are headers.
        for (name, value) in [(ETAG, tag.as_str()), (CONTENT_SECURITY_POLICY, policy)] {
            headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        }
        Document { path, headers, body: body.into() }
    }

    /// Whether it stands at the path, with a slash at its end or without.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        path.strip_suffix('/').unwrap_or(path) == self.path
    }

    pub(crate) fn answer(&self, method: &Method, headers: &HeaderMap) -> Result<Response<Bytes>, Problem> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Problem::MethodNotAllowed(METHODS));
        }
        // Our own tag is all that is compared: whoever sends several, or `*`, gets the document.
        let is_known = headers.get(IF_NONE_MATCH).is_some_and(|tag| Some(tag) == self.headers.get(ETAG));
        // Of an answer to HEAD, hyper sends the length and not the body.
        let mut response = Response::new(if is_known { Bytes::new() } else { self.body.clone() });
        *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        *response.headers_mut() = self.headers.clone();
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Document {
        Document::page("/docs", "<p>hello".to_owned(), "p { margin: 0 }")
    }

    #[test]
    fn a_page_may_load_and_run_nothing() {
        let answer = page().answer(&Method::GET, &HeaderMap::new()).unwrap();
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        assert_eq!(answer.body(), "<p>hello");
    }

    #[test]
    fn who_has_the_document_is_not_sent_it_again() {
        let first = page().answer(&Method::GET, &HeaderMap::new()).unwrap();
        let seen = HeaderMap::from_iter([(IF_NONE_MATCH, first.headers()[ETAG].clone())]);
        let again = page().answer(&Method::GET, &seen).unwrap();
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0));
        let other = Document::json("/docs", "{}".to_owned()).answer(&Method::GET, &seen).unwrap();
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn documents_are_only_read() {
        let refused = page().answer(&Method::POST, &HeaderMap::new()).unwrap_err();
        assert_eq!(refused, Problem::MethodNotAllowed(METHODS));
        assert!(page().is_at("/docs") && page().is_at("/docs/"));
        assert!(!page().is_at("/docs/x") && !page().is_at("/") && !page().is_at("/docs//"));
    }
}
