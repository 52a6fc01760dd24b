//! Begins spans.

use crate::config::TracesConfig;
use crate::context::SpanContext;
use crate::export::{self, Counts, Queue};
use crate::sampler::Sampler;
use crate::span::{Kind, Recording, Span};
use mcsp_tracestate::TraceState;
use opentelemetry_proto::tonic::trace::v1::Span as Record;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a stop waits for the collector to take what is left.
const FINISH_MAX: Duration = Duration::from_secs(2);

/// Begins spans. Cheap to clone; off unless it was started.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Inner>>);

#[derive(Debug)]
pub(crate) struct Inner {
    sampler: Sampler,
    pub(crate) queue: Queue,
}

/// What has become of spans that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCounts {
    /// Spans that the collector has taken.
    pub exported_total: u64,
    /// Spans that found the queue full.
    pub overflowed_total: u64,
    /// Spans that the collector did not take.
    pub failed_total: u64,
}

impl Tracer {
    /// Starts the thread that brings spans to the collector. Connects to nothing yet; without a configuration the tracer
    /// is off.
    pub fn start(config: Option<TracesConfig>) -> std::io::Result<Self> {
        let Some(config) = config else { return Ok(Tracer(None)) };
        let sampler = config.sampler;
        Ok(Tracer(Some(Arc::new(Inner { sampler, queue: export::start(config)? }))))
    }

    /// Whether any span is recorded at all.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins to serve a request. Where nobody is known who made it, a trace begins.
    pub fn serve(
        &self,
        service: &Arc<str>,
        parent: Option<SpanContext>,
        name: impl FnOnce() -> String,
    ) -> Span {
        let Some(inner) = &self.0 else { return Span::default() };
        let trace_id = parent.as_ref().map_or_else(rand::random, |parent| parent.trace_id);
        inner.begin(Kind::Server, service, (trace_id, parent), name)
    }

    /// Begins something that is done for another span. Where there is none, nothing is recorded.
    pub fn span(
        &self,
        kind: Kind,
        service: &Arc<str>,
        parent: Option<SpanContext>,
        name: impl FnOnce() -> String,
    ) -> Span {
        match (&self.0, parent) {
            (Some(inner), Some(parent)) => inner.begin(kind, service, (parent.trace_id, Some(parent)), name),
            (_, context) => Span { context, recording: None },
        }
    }

    /// Waits until the collector has all spans that have ended, but no longer than two seconds. Later ones are dropped.
    pub async fn finish(&self) {
        if let Some(inner) = &self.0
            && tokio::time::timeout(FINISH_MAX, inner.queue.finish()).await.is_err()
        {
            tracing::warn!("the last traces are lost: the collector does not answer");
        }
    }

    /// What has become of spans.
    pub fn counts(&self) -> TraceCounts {
        let Some(inner) = &self.0 else { return TraceCounts::default() };
        let Counts { exported, overflowed, failed } = &*inner.queue.counts;
        TraceCounts {
            exported_total: exported.load(Relaxed),
            overflowed_total: overflowed.load(Relaxed),
            failed_total: failed.load(Relaxed),
        }
    }
}

impl Inner {
    fn begin(
        self: &Arc<Self>,
        kind: Kind,
        service: &Arc<str>,
        (trace_id, parent): (u128, Option<SpanContext>),
        name: impl FnOnce() -> String,
    ) -> Span {
        if !self.sampler.samples(trace_id, parent.as_ref()) {
            // A trace that begins here is passed over by those who are asked, too.
            let unsampled = || SpanContext { trace_id, span_id: rand::random(), sampled: false, state: None };
            let context = parent.map_or_else(unsampled, |parent| SpanContext { sampled: false, ..parent });
            return Span { context: Some(context), recording: None };
        }
        let (parent_id, state) = match parent {
            Some(parent) => (parent.span_id.to_be_bytes().into(), parent.state),
            None => (Vec::new(), None),
        };
        let context = SpanContext { trace_id, span_id: rand::random(), sampled: true, state };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = Record {
            trace_id: trace_id.to_be_bytes().into(),
            span_id: context.span_id.to_be_bytes().into(),
            trace_state: context.state.as_ref().map(TraceState::to_string).unwrap_or_default(),
            parent_span_id: parent_id,
            name: name(),
            kind: kind.into(),
            start_time_unix_nano: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            flags: u32::from(context.sampled),
            ..Record::default()
        };
        let recording = Recording {
            tracer: Arc::clone(self),
            service: Arc::clone(service),
            begun: Instant::now(),
            record,
        };
        Span { context: Some(context), recording: Some(Box::new(recording)) }
    }
}
