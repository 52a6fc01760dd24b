//! W3C Trace Context: taken in, carried on, returned.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use mcsp_reference::{Describe, Operation};
use mcsp_tracestate::{TRACESTATE, TraceState};
use std::convert::Infallible;
use std::fmt;
use uuid::Uuid;

/// The header (W3C Trace Context, section 3.2).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace that a request belongs to: `00-<trace id>-<parent id>-<flags>`, and what vendors say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    parent: String,
    state: Option<TraceState>,
}

impl TraceParent {
    /// The caller's, where it is valid, or a new one.
    pub(crate) fn of(headers: &HeaderMap, mut fresh: impl FnMut() -> Uuid) -> Self {
        headers
            .get(&TRACEPARENT)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_valid(text))
            .map(|text| TraceParent { parent: text.to_owned(), state: TraceState::of(headers) })
            .unwrap_or_else(|| {
                let (trace_id, parent_id) = (fresh().as_u128(), fresh().as_u64_pair().1);
                TraceParent { parent: format!("00-{trace_id:032x}-{parent_id:016x}-00"), state: None }
            })
    }

    /// What vendors say of it: the header `tracestate`, where the request had one that is valid.
    pub fn state(&self) -> Option<&str> {
        self.state.as_ref().map(TraceState::as_str)
    }

    /// The headers of a call to another service, which belongs to the same trace.
    pub fn forwarded(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let state = self.state().map(|state| (TRACESTATE.as_str().to_owned(), state.to_owned()));
        [(TRACEPARENT.as_str().to_owned(), self.parent.clone())].into_iter().chain(state)
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.parent).ok()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parent)
    }
}

impl<S: Sync> FromRequestParts<S> for TraceParent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // `Endpoint` puts it there; a router that is called without one gets the null trace.
        Ok(parts
            .extensions
            .get()
            .cloned()
            .unwrap_or_else(|| TraceParent { parent: format!("00-{:032x}-{:016x}-00", 1, 1), state: None }))
    }
}

/// Each operation takes it, whether its handler passes it on or not.
impl Describe for TraceParent {
    fn describe(_: &mut Operation) {}
}

fn is_valid(text: &str) -> bool {
    let mut fields = text.split('-');
    let mut hex = |length: usize| {
        fields.next().filter(|field| {
            field.len() == length && field.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    let (Some(version), Some(trace), Some(parent), Some(_)) = (hex(2), hex(32), hex(16), hex(2)) else {
        return false;
    };
    let nonzero = |field: &str| field.bytes().any(|b| b != b'0');
    // Later versions may add fields; version 00 has exactly four (section 4.3).
    version != "ff" && nonzero(trace) && nonzero(parent) && (version != "00" || fields.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vendors_say_is_forwarded_with_the_trace_that_it_is_said_of_and_with_no_other() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let of = |parent: &'static str, state: &'static str| {
            let values = [(TRACEPARENT, parent), (TRACESTATE, state)];
            let headers = values.map(|(name, value)| (name, HeaderValue::from_static(value)));
            TraceParent::of(&headers.into_iter().collect(), || Uuid::from_u128(5 << 64 | 7))
        };
        let trace = of(valid, "congo=t61,rojo=00f0");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let told = [pair("traceparent", valid), pair("tracestate", "congo=t61,rojo=00f0")];
        assert_eq!(trace.forwarded().collect::<Vec<_>>(), told);
        for (parent, state) in [(valid, "no list"), (valid, ""), ("another", "congo=t61")] {
            let trace = of(parent, state);
            assert_eq!((trace.state(), trace.forwarded().count()), (None, 1), "{parent} {state}");
        }
    }

    #[test]
    fn a_valid_trace_is_carried_on_and_any_other_replaced() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_str(text).unwrap())]);
            TraceParent::of(&headers, || Uuid::from_u128(5 << 64 | 7)).to_string()
        };
        assert_eq!(of(valid), valid);
        for bad in
            ["", "00", "00-0-0-01", &valid.to_uppercase(), &valid.replace('0', "g"), &format!("{valid}-x")]
        {
            let replaced = of(bad);
            assert!(replaced != bad && is_valid(&replaced), "{bad} -> {replaced}");
        }
        assert!(!is_valid("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
        assert!(!is_valid("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
    }
}
