//! What a reader has already (RFC 9110, section 13.1.2).

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use mcsp_reference::{Describe, Operation};
use std::convert::Infallible;

/// The entity tags of what a reader has; none where it has nothing. What is no list of tags is as if it were not there: then all is
/// sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(String);

impl IfNoneMatch {
    /// Whether the reader has this: a strong or weak tag with its quotes, which are compared weakly (section 8.8.3.2).
    pub fn includes(&self, tag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        // No tag of ours has a comma in it.
        self.0.trim() == "*" || self.0.split(',').any(|one| !one.is_empty() && opaque(one) == opaque(tag))
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lines = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        Ok(IfNoneMatch(lines.join(",")))
    }
}

impl Describe for IfNoneMatch {
    fn describe(operation: &mut Operation) {
        operation.take_header(header::IF_NONE_MATCH, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    async fn includes(lines: &[&str], tag: &str) -> bool {
        let request =
            lines.iter().fold(Request::builder(), |request, line| request.header("if-none-match", *line));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(have) = IfNoneMatch::from_request_parts(&mut parts, &()).await;
        have.includes(tag)
    }

    #[tokio::test]
    async fn what_a_reader_has_is_compared_weakly() {
        for lines in [&["\"a\""][..], &["W/\"a\""], &["\"b\", W/\"a\""], &["\"b\"", "\"a\""], &["*"]] {
            assert!(includes(lines, "\"a\"").await, "{lines:?}");
        }
        for lines in [&[][..], &[""], &["\"b\""], &["a"], &["\"aa\""], &["\"A\""]] {
            assert!(!includes(lines, "\"a\"").await, "{lines:?}");
        }
    }
}
