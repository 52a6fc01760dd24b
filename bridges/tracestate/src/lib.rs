//! What vendors say of a trace beside its ids (W3C Trace Context, section 3.3). The platform is none of them: it carries on what
//! it is given, as it is given, and adds nothing.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// The header. There may be several, which are one list in their order.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Members of a list; with more it is none.
const MEMBERS_MAX: usize = 32;
/// What is carried on at least, and here at most.
const KEPT_MAX_BYTES: usize = 512;
/// Where not all is kept, members that are longer go first.
const LONG_MEMBER_BYTES: usize = 128;
const KEY_MAX_BYTES: usize = 256;
const VALUE_MAX_BYTES: usize = 256;

/// A list that is valid, and not empty. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(Arc<str>);

impl TraceState {
    /// What a request says. Where a part of it is not valid all of it is dropped, and nobody is refused for that.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let lines: Result<Vec<_>, _> = headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str).collect();
        let lines = lines.ok().filter(|lines| !lines.is_empty())?;
        Self::parse(&lines.join(","))
    }

    /// The value of the header: `vendor=opaque,tenant@vendor=opaque`.
    pub fn parse(text: &str) -> Option<Self> {
        let members = text.split(',').map(|member| member.trim_matches([' ', '\t']));
        let members: Vec<&str> = members.filter(|member| !member.is_empty()).take(MEMBERS_MAX + 1).collect();
        let keys: Option<HashSet<&str>> = members.iter().map(|member| key_of(member)).collect();
        // The latest of a vendor stands alone: there is no second member of a key.
        let is_valid = members.len() <= MEMBERS_MAX && keys?.len() == members.len();
        let kept = shortened(members);
        (is_valid && !kept.is_empty()).then(|| TraceState(kept.join(",").into()))
    }

    /// As the header has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says it to whom a request is made, instead of whatever the headers said before.
    pub fn put(state: Option<&Self>, headers: &mut HeaderMap) {
        match state.and_then(|state| HeaderValue::from_str(&state.0).ok()) {
            Some(value) => drop(headers.insert(TRACESTATE, value)),
            None => drop(headers.remove(TRACESTATE)),
        }
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a member, where both it and its value are valid (sections 3.3.1.3.1 and 3.3.1.3.2).
fn key_of(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let begins = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_of_key = |byte: u8| begins(&byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    let is_key = key.len() <= KEY_MAX_BYTES
        && key.bytes().next().is_some_and(|b| begins(&b))
        && key.bytes().all(is_of_key);
    // A comma is not in it, and a space not at its end.
    let is_of_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    let is_value = !value.is_empty() && value.len() <= VALUE_MAX_BYTES && value.bytes().all(is_of_value);
    (is_key && is_value).then_some(key)
}

/// No more than is kept: without the long ones, as far as it takes, and then without the last (section 3.3.1.5).
fn shortened(mut members: Vec<&str>) -> Vec<&str> {
    let bytes =
        |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>().saturating_sub(1);
    while bytes(&members) > KEPT_MAX_BYTES {
        let long = members.iter().rposition(|member| member.len() > LONG_MEMBER_BYTES);
        members.remove(long.unwrap_or(members.len() - 1));
    }
    members
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

    use super::*;

    fn kept(text: &str) -> Option<String> {
        TraceState::parse(text).map(|state| state.to_string())
    }

    #[test]
    fn what_is_valid_is_carried_on_as_it_is() {
        for valid in [
            "congo=t61rcWkgMzE",
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
            "tenant@vendor=opaque value:1;2",
            "0a_-*/@z=!~",
            &format!("{}={}", "k".repeat(256), "v".repeat(255)),
        ] {
            assert_eq!(kept(valid).as_deref(), Some(valid));
        }
        assert_eq!(kept(" a=1 ,\t, b= 2,").as_deref(), Some("a=1,b= 2"));
    }

    #[test]
    fn what_is_not_valid_is_dropped_whole() {
        let long_key = format!("{}=1,a=1", "k".repeat(257));
        let long_value = format!("a={},b=1", "v".repeat(257));
        let many: Vec<_> = (0..33).map(|number| format!("k{number}=1")).collect();
        for bad in [
            "",
            ",",
            "a",
            "a=",
            "=1",
            "A=1",
            "_a=1",
            "a b=1",
            "a =1",
            "a=1=2",
            "a=1,b",
            "a=1,a=2",
            "a=\u{e9}",
            "a=\u{7f}",
            &long_key,
            &long_value,
            &many.join(","),
        ] {
            assert_eq!(kept(bad), None, "{bad}");
        }
        assert_eq!(kept(&many[..32].join(",")), Some(many[..32].join(",")));
    }

    #[test]
    fn of_too_much_the_long_ones_go_first_and_then_the_last() {
        let of = |key: &str, bytes: usize| format!("{key}={}", "v".repeat(bytes - 2));
        let (long, short) = (of("l", 200), of("s", 128));
        let all = [of("a", 100), long.clone(), of("b", 100), short.clone(), of("c", 100)];
        let without: Vec<_> = all.iter().filter(|member| **member != long).map(String::as_str).collect();
        assert_eq!(kept(&all.join(",")), Some(without.join(",")));
        let of_ten: Vec<_> = ('a'..='j').map(|key| of(&key.to_string(), 100)).collect();
        assert_eq!(kept(&of_ten.join(",")), Some(of_ten[..5].join(",")));
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(TraceState::of(&headers), None);
        headers.append(TRACESTATE, "a=1".parse().unwrap());
        assert_eq!(TraceState::of(&headers).unwrap().as_str(), "a=1");
        headers.append(TRACESTATE, "b=2,c=3".parse().unwrap());
        let state = TraceState::of(&headers).unwrap();
        assert_eq!(state.as_str(), "a=1,b=2,c=3");
        TraceState::put(Some(&state), &mut headers);
        assert_eq!(headers.get_all(TRACESTATE).iter().collect::<Vec<_>>(), ["a=1,b=2,c=3"]);
        TraceState::put(None, &mut headers);
        assert!(headers.is_empty());
        headers.insert(TRACESTATE, HeaderValue::from_bytes(b"a=\xff").unwrap());
        assert_eq!(TraceState::of(&headers), None);
    }
}
