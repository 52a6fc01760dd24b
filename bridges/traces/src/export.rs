//! The way of ended spans to the collector: a bounded queue, and a thread that sends what is in it, in batches.

use crate::config::TracesConfig;
use crate::span::attribute;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Record};
use prost::Message;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Spans that wait; beyond, they are dropped. About a kilobyte each.
const QUEUE: usize = 8_192;
/// Spans that are sent together.
const BATCH: usize = 512;
/// How long fewer are waited with.
const GATHER: Duration = Duration::from_secs(1);
/// What is read of its answer.
const ANSWER_MAX_BYTES: usize = 16 * 1024;
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
/// What all services of the platform belong to.
const NAMESPACE: &str = "mcsp";

type Ended = (Arc<str>, Record);

/// Spans on their way.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: mpsc::Sender<Ended>,
    pub(crate) counts: Arc<Counts>,
    stop: CancellationToken,
    stopped: CancellationToken,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) exported: AtomicU64,
    pub(crate) overflowed: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl Queue {
    pub(crate) fn put(&self, service: Arc<str>, record: Record) {
        if self.waiting.try_send((service, record)).is_err() {
            self.counts.overflowed.fetch_add(1, Relaxed);
        }
    }

    /// Takes no more, and waits until what is there has been sent.
    pub(crate) async fn finish(&self) {
        self.stop.cancel();
        self.stopped.cancelled().await;
    }
}

/// Starts the thread. It ends when it is told to, or when nobody is left who could put spans into the queue.
pub(crate) fn start(config: TracesConfig) -> std::io::Result<Queue> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (waiting, ended) = mpsc::channel(QUEUE);
    let (counts, stop, stopped) =
        (Arc::<Counts>::default(), CancellationToken::new(), CancellationToken::new());
    let (is_over, until) = (stopped.clone().drop_guard(), stop.clone());
    let collector = Collector::new(config, Arc::clone(&counts));
    std::thread::Builder::new().name("mcsp-traces".to_owned()).spawn(move || {
        runtime.block_on(export(collector, ended, until));
        drop(is_over);
    })?;
    Ok(Queue { waiting, counts, stop, stopped })
}

async fn export(mut collector: Collector, mut ended: mpsc::Receiver<Ended>, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    while !ended.is_closed() || !ended.is_empty() {
        tokio::select! {
            received = ended.recv_many(&mut batch, BATCH) => if received == 0 { return },
            () = stop.cancelled(), if !ended.is_closed() => ended.close(),
        }
        let gathered = async {
            let mut room = BATCH.saturating_sub(batch.len());
            while room > 0 {
                match ended.recv_many(&mut batch, room).await {
                    0 => break,
                    received => room -= received,
                }
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(GATHER, gathered) => {}
            () = stop.cancelled() => {}
        }
        if !batch.is_empty() {
            collector.take(std::mem::take(&mut batch)).await;
        }
    }
}

/// The collector, as this process sees it.
struct Collector {
    endpoint: Uri,
    service_name: Option<String>,
    /// Tells this process from others of the same service.
    instance: String,
    headers: HeaderMap,
    timeout: Duration,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    counts: Arc<Counts>,
    is_away: bool,
}

/// Why spans were not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("the collector cannot be reached")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    #[error("the collector does not answer")]
    Silent,
    #[error("the collector answered {0}")]
    Refused(StatusCode),
}

impl Collector {
    fn new(config: TracesConfig, counts: Arc<Counts>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config.tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let mut headers = config.headers;
        headers.insert(CONTENT_TYPE, PROTOBUF);
        Collector {
            endpoint: config.endpoint,
            service_name: config.service_name,
            instance: format!("{:032x}", rand::random::<u128>()),
            headers,
            timeout: config.timeout,
            client: Client::builder(TokioExecutor::new()).build(connector),
            counts,
            is_away: false,
        }
    }

    /// Sends spans once. Those that are not taken are lost: to keep them would take room from those that come.
    async fn take(&mut self, spans: Vec<Ended>) {
        let count = spans.len() as u64;
        let body = self.request(spans).encode_to_vec();
        let sent = tokio::time::timeout(self.timeout, self.send(body)).await.unwrap_or(Err(NotTaken::Silent));
        // Told when it changes, not with every batch.
        match &sent {
            Ok(_) if self.is_away => tracing::info!("traces are taken again"),
            Err(error) if !self.is_away => {
                tracing::warn!(error = error as &dyn std::error::Error, "traces are lost");
            }
            Ok(_) | Err(_) => {}
        }
        self.is_away = sent.is_err();
        let rejected = sent.unwrap_or(count).min(count);
        self.counts.failed.fetch_add(rejected, Relaxed);
        self.counts.exported.fetch_add(count - rejected, Relaxed);
    }

    /// Gives how many spans the collector would not have, though it took the others.
    async fn send(&self, body: Vec<u8>) -> Result<u64, NotTaken> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        (*request.method_mut(), *request.uri_mut()) = (Method::POST, self.endpoint.clone());
        *request.headers_mut() = self.headers.clone();
        let response = self.client.request(request).await.map_err(NotTaken::Unreachable)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect().await;
        if !status.is_success() {
            return Err(NotTaken::Refused(status));
        }
        let answer = body.ok().and_then(|body| ExportTraceServiceResponse::decode(body.to_bytes()).ok());
        let rejected = answer.and_then(|answer| Some(answer.partial_success?.rejected_spans));
        Ok(rejected.and_then(|rejected| u64::try_from(rejected).ok()).unwrap_or(0))
    }

    /// Each service is a resource of its own, also where one process serves several.
    fn request(&self, spans: Vec<Ended>) -> ExportTraceServiceRequest {
        let mut by_service: BTreeMap<Arc<str>, Vec<Record>> = BTreeMap::new();
        for (service, record) in spans {
            by_service.entry(service).or_default().push(record);
        }
        let resource_spans = by_service.into_iter().map(|(service, spans)| {
            let scope = InstrumentationScope {
                name: NAMESPACE.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..InstrumentationScope::default()
            };
            let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
            ResourceSpans { resource: Some(self.resource(&service)), scope_spans, ..ResourceSpans::default() }
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
    }

    fn resource(&self, service: &str) -> Resource {
        let name = self.service_name.as_deref().unwrap_or(service);
        let attributes = [
            ("service.name", name),
            ("service.namespace", NAMESPACE),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", self.instance.as_str()),
        ];
        let attributes = attributes.map(|(key, value)| attribute(key, Value::StringValue(value.to_owned())));
        Resource { attributes: attributes.into(), ..Resource::default() }
    }
}
