//! Spans of requests, calls and events, and their way to an OpenTelemetry collector (OTLP over HTTP, protobuf).
//!
//! A [`Tracer`] begins spans and a thread of its own brings those that have ended to the collector, in batches. Nobody
//! waits for it: what finds the queue full, or the collector away, is dropped and counted. Without a collector the tracer
//! is off, and costs one branch.
//!
//! What a span tells is the same for every request of its kind: names of routes, topics and targets, statements without
//! their parameters, times and outcomes. Never a path, a key, a value or an address: they may be somebody's.

mod config;
mod context;
mod export;
mod headers;
mod messaging;
mod sampler;
mod span;
mod tls;
mod tracer;

pub use config::{ConfigError, TracesConfig};
pub use context::{SpanContext, TRACEPARENT, current, within};
pub use mcsp_tracestate::{TRACESTATE, TraceState};
pub use messaging::{Received, process, send};
pub use sampler::Sampler;
pub use span::{Kind, Span};
pub use tracer::{TraceCounts, Tracer};
