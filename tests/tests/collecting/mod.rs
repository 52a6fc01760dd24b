//! A collector of traces: takes what OpenTelemetry's protocol brings, and keeps it.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use mcsp_tests::eventually;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// More than a batch takes.
const BODY_MAX_BYTES: usize = 16 << 20;

/// A collector on this machine, until it is dropped.
pub struct Collector {
    address: SocketAddr,
    taken: Taken,
    serving: JoinHandle<()>,
}

type Taken = Arc<Mutex<Vec<TracedSpan>>>;

/// A span as it was told.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedSpan {
    /// `service.name` of its resource.
    pub service: String,
    /// Of 32 digits.
    pub trace_id: String,
    /// Of 16 digits.
    pub id: String,
    /// Of 16 digits, or empty.
    pub parent_id: String,
    /// What was done.
    pub name: String,
    /// By whom, for whom.
    pub kind: SpanKind,
    /// What is said of it, as text.
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let taken = Taken::default();
        let router = Router::new()
            .route("/v1/traces", post(take))
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .with_state(Arc::clone(&taken));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Collector { address, taken, serving }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` says to lead here.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was taken.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn spans(&self) -> Vec<TracedSpan> {
        self.taken.lock().expect("no panic").clone()
    }

    /// The spans of one trace.
    pub fn trace(&self, trace_id: &str) -> Vec<TracedSpan> {
        self.spans().into_iter().filter(|span| span.trace_id == trace_id).collect()
    }

    /// Waits for a span.
    pub async fn span(&self, what: &str, is_it: impl Fn(&TracedSpan) -> bool) -> TracedSpan {
        eventually(what, async || self.spans().into_iter().find(&is_it)).await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    for of in request.resource_spans {
        let resource = texts(of.resource.expect("a resource").attributes);
        let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
        let spans = spans.map(|span| TracedSpan::of(resource["service.name"].clone(), span));
        taken.lock().expect("no panic").extend(spans);
    }
    StatusCode::OK
}

impl TracedSpan {
    /// This span and those that it was done for, up to the first that the trace has.
    ///
    /// # Panics
    /// When a span is done for itself.
    pub fn way<'a>(&'a self, trace: &'a [TracedSpan]) -> Vec<&'a TracedSpan> {
        let mut way = vec![self];
        while let Some(parent) = trace.iter().find(|span| span.id == way[way.len() - 1].parent_id) {
            way.push(parent);
            assert!(way.len() <= trace.len(), "a span is done for itself: {self:?}");
        }
        way
    }

    /// The service and the name of each span on the way.
    pub fn names<'a>(&'a self, trace: &'a [TracedSpan]) -> Vec<(&'a str, &'a str)> {
        self.way(trace).iter().map(|span| (span.service.as_str(), span.name.as_str())).collect()
    }

    fn of(service: String, span: Span) -> TracedSpan {
        assert!(span.start_time_unix_nano > 0 && span.end_time_unix_nano >= span.start_time_unix_nano);
        TracedSpan {
            service,
            trace_id: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent_id: hex(&span.parent_span_id),
            kind: span.kind(),
            name: span.name,
            attributes: texts(span.attributes),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |attribute: KeyValue| {
        let value = match attribute.value.and_then(|value| value.value).expect("a value") {
            Value::StringValue(text) => text,
            Value::IntValue(number) => number.to_string(),
            Value::BoolValue(flag) => flag.to_string(),
            other => panic!("{other:?}"),
        };
        (attribute.key, value)
    };
    attributes.into_iter().map(text).collect()
}
