//! Optimistic concurrency (RFC 9110 sections 8.8.3 and 13.1.1): the version of an aggregate as a strong
//! ETag, and the `If-Match` that a writer may send.

mod if_none_match;

pub use if_none_match::IfNoneMatch;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{StatusCode, header};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use std::fmt;

/// Entity tags of one `If-Match`; nobody holds more versions of one thing.
const TAGS_MAX: usize = 16;

/// A version as a strong entity tag: `"7"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ETag(pub i64);

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What the writer has seen. Refuses what is no list of entity tags with 400 `invalid_if_match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Condition);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// There is no `If-Match`, or it is `*`: any version that exists.
    Any,
    /// One of these strong tags, quotes included.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// 412 `stale` where the writer has seen another version than this one.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let tag = ETag(version).to_string();
        match &self.0 {
            Condition::OneOf(tags) if !tags.contains(&tag) => Err(stale()),
            Condition::OneOf(_) | Condition::Any => Ok(()),
        }
    }

    /// The strong tags of what the writer has seen, quotes included, for what is not versioned by a number; none where any would do.
    pub fn tags(&self) -> Option<&[String]> {
        match &self.0 {
            Condition::OneOf(tags) => Some(tags),
            Condition::Any => None,
        }
    }

    /// For a guarded write that lost a race: 412 `stale` where the writer has named a version, and nothing
    /// where any would have done.
    pub fn outdated(&self) -> Option<Problem> {
        match self.0 {
            Condition::OneOf(_) => Some(stale()),
            Condition::Any => None,
        }
    }
}

/// 412: the writer has seen something else than what there is.
pub fn stale() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "stale", "it has changed since you read it: read it again")
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(IfMatch(Condition::Any));
        }
        let lines: Option<Vec<&str>> = values.map(|value| value.to_str().ok()).collect();
        lines.and_then(|lines| parse(&lines.join(","))).map(IfMatch).ok_or_else(invalid)
    }
}

impl Describe for IfMatch {
    fn describe(operation: &mut Operation) {
        operation.take_header(header::IF_MATCH, false);
        operation.refuse(invalid());
        operation.refuse(stale());
    }
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_if_match",
        "If-Match must hold entity tags such as \"7\", or *",
    )
}

/// Weak tags are kept out: they never match strongly, which is how `If-Match` compares (section 13.1.1).
fn parse(list: &str) -> Option<Condition> {
    if list.trim() == "*" {
        return Some(Condition::Any);
    }
    let (mut strong, mut count, mut rest) = (Vec::new(), 0, list.trim());
    while !rest.is_empty() {
        let (weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (opaque, after) = tag.strip_prefix('"')?.split_once('"')?;
        let is_opaque = opaque.bytes().all(|b| b == b'!' || (b'#'..=b'~').contains(&b));
        count += 1;
        if !is_opaque || count > TAGS_MAX {
            return None;
        }
        if !weak {
            strong.push(format!("\"{opaque}\""));
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    (count > 0).then_some(Condition::OneOf(strong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    async fn check(lines: &[&str], version: i64) -> Result<(), &'static str> {
        let mut request = Request::builder();
        for line in lines {
            request = request.header(header::IF_MATCH, *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let if_match =
            IfMatch::from_request_parts(&mut parts, &()).await.map_err(|problem| problem.code())?;
        if_match.check(version).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn only_the_version_that_was_seen_may_be_written() {
        for fitting in
            [&[][..], &["*"], &["\"7\""], &["\"6\", \"7\""], &["\"6\"", "\"7\""], &["W/\"7\",\"7\""]]
        {
            assert_eq!(check(fitting, 7).await, Ok(()), "{fitting:?}");
        }
        for stale in [&["\"6\""][..], &["\"77\""], &["W/\"7\""], &["\"\""], &["\"07\""]] {
            assert_eq!(check(stale, 7).await, Err("stale"), "{stale:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_list_of_tags_is_refused() {
        let many = ["\"1\""; TAGS_MAX + 1].join(",");
        for bad in ["", "7", "\"7", "\"7\" \"8\"", "w/\"7\"", "\"7\",*", "\"a b\"", "\"7\"x", &many] {
            assert_eq!(check(&[bad], 7).await, Err("invalid_if_match"), "{bad}");
        }
    }
}
