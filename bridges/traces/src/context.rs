//! What of a span travels (W3C Trace Context), and the span that work is done for.

use http::{HeaderMap, HeaderName, HeaderValue};
use mcsp_tracestate::TraceState;
use std::fmt;

/// The header (W3C Trace Context, section 3.2).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The only flag: whoever is asked should record spans too.
const SAMPLED: u8 = 1;

/// A span as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanContext {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    pub(crate) sampled: bool,
    /// What vendors say of the trace.
    pub(crate) state: Option<TraceState>,
}

impl SpanContext {
    /// The value of the header, where it is valid: `00-<trace id>-<span id>-<flags>`, or what later versions begin with.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let mut next = |digits: usize| {
            fields.next().filter(|field| {
                field.len() == digits && field.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            })
        };
        let (version, trace_id, span_id, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        if version == "ff" || (version == "00" && fields.next().is_some()) {
            return None;
        }
        let context = SpanContext {
            trace_id: u128::from_str_radix(trace_id, 16).ok()?,
            span_id: u64::from_str_radix(span_id, 16).ok()?,
            sampled: u8::from_str_radix(flags, 16).ok()? & SAMPLED != 0,
            state: None,
        };
        (context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// The same with what vendors say of its trace, where that is valid.
    pub fn with_state(self, tracestate: Option<&str>) -> Self {
        SpanContext { state: tracestate.and_then(TraceState::parse), ..self }
    }

    /// What a request says of the span that it is made for.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let context = Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)?;
        Some(SpanContext { state: TraceState::of(headers), ..context })
    }

    /// Says it to whom a request is made.
    pub fn put(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(self.to_string()) {
            headers.insert(TRACEPARENT, value);
            TraceState::put(self.state.as_ref(), headers);
        }
    }

    /// Whether the other span is of the same trace.
    pub fn shares_trace_with(&self, other: &SpanContext) -> bool {
        self.trace_id == other.trace_id
    }
}

impl fmt::Display for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SpanContext { trace_id, span_id, sampled, state: _ } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{:02x}", u8::from(*sampled))
    }
}

tokio::task_local! {
    static CURRENT: SpanContext;
}

/// Does work for a span: what the work calls finds it by [`current`].
pub async fn within<F: Future>(span: Option<SpanContext>, work: F) -> F::Output {
    match span {
        Some(span) => CURRENT.scope(span, work).await,
        None => work.await,
    }
}

/// The span that the work at hand is done for.
pub fn current() -> Option<SpanContext> {
    CURRENT.try_with(SpanContext::clone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcsp_tracestate::TRACESTATE;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_written_again() {
        let context = SpanContext::parse(VALID).unwrap();
        assert!(context.sampled);
        assert_eq!(context.to_string(), VALID);
        let unsampled = VALID.replace("-01", "-00");
        assert_eq!(SpanContext::parse(&unsampled).unwrap().to_string(), unsampled);
        // A later version may say more.
        let later = VALID.replacen("00", "01", 1) + "-more";
        assert_eq!(SpanContext::parse(&later), Some(context));
    }

    #[test]
    fn what_vendors_say_goes_with_it_where_it_is_valid() {
        let mut headers = HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_static(VALID))]);
        let parsed = SpanContext::parse(VALID).unwrap();
        assert_eq!(SpanContext::of(&headers), Some(parsed.clone()));
        headers.insert(TRACESTATE, HeaderValue::from_static("congo=t61,rojo=00f0"));
        let context = SpanContext::of(&headers).unwrap();
        assert_eq!(context, parsed.clone().with_state(Some("congo=t61,rojo=00f0")));
        let mut told = HeaderMap::new();
        context.put(&mut told);
        assert_eq!(told, headers);
        // Of another trace, or of none that is valid.
        parsed.with_state(Some("not a list")).put(&mut told);
        assert_eq!((told.len(), told.get(TRACESTATE)), (1, None));
        headers.insert(TRACEPARENT, HeaderValue::from_static("00"));
        assert_eq!(SpanContext::of(&headers), None);
    }

    #[test]
    fn what_is_not_valid_is_nobodys_span() {
        let zero_trace = VALID.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let zero_span = VALID.replace("b7ad6b7169203331", &"0".repeat(16));
        for bad in [
            "",
            "00",
            &zero_trace,
            &zero_span,
            &VALID.to_uppercase(),
            &VALID.replacen("00", "ff", 1),
            &format!("{VALID}-more"),
        ] {
            assert_eq!(SpanContext::parse(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn work_knows_for_which_span_it_is_done() {
        let context = SpanContext::parse(VALID);
        assert_eq!(current(), None);
        assert_eq!(within(context.clone(), async { current() }).await, context);
        assert_eq!(within(None, async { current() }).await, None);
    }
}
