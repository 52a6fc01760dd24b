//! A collector of traces: takes what OpenTelemetry's protocol brings, and keeps it.

use crate::eventually;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::Listener;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// More than a batch takes.
const BODY_MAX_BYTES: usize = 16 << 20;
/// What a private collector wants to be told in `api-key`; and as a variable has it.
const API_KEY: (&str, &str) = ("letters, and more", "letters%2C and more");

/// A collector on this machine, until it is dropped.
pub struct Collector {
    endpoint: String,
    /// Where it is private: the certificate of the authority that vouches for it.
    authority: Option<NamedTempFile>,
    taken: Taken,
    serving: JoinHandle<()>,
}

type Taken = Arc<Mutex<Vec<TracedSpan>>>;

/// TLS for `localhost`.
struct Secret {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Secret {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

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
    /// What vendors say of its trace.
    pub state: String,
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
        Collector::serve(listener, (format!("http://{address}"), None))
    }

    /// Starts one that speaks TLS, is vouched for by an authority of its own, and takes nothing from who does not tell it a key.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start_private() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, authority) = private_tls();
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), authority).expect("it is written");
        Collector::serve(Secret { listener, acceptor }, (format!("https://localhost:{port}"), Some(file)))
    }

    fn serve<L>(listener: L, (endpoint, authority): (String, Option<NamedTempFile>)) -> Collector
    where
        L: Listener<Addr = SocketAddr>,
    {
        let taken = Taken::default();
        let is_private = authority.is_some();
        let router = Router::new()
            .route("/v1/traces", post(take))
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .with_state((Arc::clone(&taken), is_private));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Collector { endpoint, authority, taken, serving }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` says to lead here.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// All that the platform has to be told.
    ///
    /// # Panics
    /// When the place for files is no text.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", self.endpoint())];
        if let Some(file) = &self.authority {
            let path = file.path().to_str().expect("a text").to_owned();
            variables.push(("OTEL_EXPORTER_OTLP_CERTIFICATE", path));
            variables.push(("OTEL_EXPORTER_OTLP_HEADERS", format!("api-key={}", API_KEY.1)));
        }
        variables
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

async fn take(
    State((taken, is_private)): State<(Taken, bool)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if is_private && headers.get("api-key").is_none_or(|key| key != API_KEY.0) {
        return StatusCode::UNAUTHORIZED;
    }
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
            state: span.trace_state,
            name: span.name,
            attributes: texts(span.attributes),
        }
    }
}

/// TLS with a certificate for `localhost`, and the certificate of the authority that has issued it (PEM).
fn private_tls() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let certificate = authority.self_signed(&authority_key).expect("a certificate").pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let own = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let own = own.signed_by(&key, &issuer).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(
            vec![own.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a certificate and its key");
    (TlsAcceptor::from(Arc::new(config)), certificate)
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
