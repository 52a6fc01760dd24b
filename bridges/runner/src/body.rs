//! Bodies of answers, and the place that a request takes until its answer's body has been sent.

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel};
use std::task::{Context, Poll};
use wasmtime_wasi_http::{Error, WasiBody};

/// The body of an answer.
pub(crate) enum Body {
    /// The runner's own.
    Whole(Full<Bytes>),
    /// A function's, as the function makes it.
    OfFunction {
        /// What the function sends.
        body: WasiBody,
        /// Given back when the body is done or dropped.
        _permit: Permit,
    },
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Body::Whole(Full::new(bytes))
    }

    pub(crate) fn of_function(body: WasiBody, permit: Permit) -> Self {
        Body::OfFunction { body, _permit: permit }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Body::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Body::OfFunction { body, .. } => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(body) => body.is_end_stream(),
            Body::OfFunction { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(body) => body.size_hint(),
            Body::OfFunction { body, .. } => body.size_hint(),
        }
    }
}

/// One of the requests that a function may serve at the same time.
pub(crate) struct Permit(Arc<AtomicU64>);

impl Permit {
    pub(crate) fn take(in_flight: &Arc<AtomicU64>, limit: u64) -> Option<Self> {
        if in_flight.fetch_add(1, AcqRel) >= limit {
            in_flight.fetch_sub(1, AcqRel);
            return None;
        }
        Some(Permit(Arc::clone(in_flight)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_come_back_and_none_is_given_beyond_the_limit() {
        let in_flight = Arc::new(AtomicU64::new(0));
        for _ in 0..1000 {
            let one = Permit::take(&in_flight, 2);
            let two = Permit::take(&in_flight, 2);
            assert!(one.is_some() && two.is_some());
            assert!(Permit::take(&in_flight, 2).is_none());
        }
        assert_eq!(in_flight.load(std::sync::atomic::Ordering::Acquire), 0);
    }
}
