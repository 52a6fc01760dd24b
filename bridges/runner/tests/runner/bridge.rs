//! Calls through the bridge.

use crate::fixture::{Setup, get, get_from, report, send, wait_until};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use http::Request;
use http_body_util::Full;
use mcsp_bridge_api::{Bridge, Failure, kafka, limits, memory, passwords, postgres, redis, services};
use mcsp_runner::{AdminAddress, BridgeFactory};
use mcsp_traces::{SpanContext, Tracer, TracesConfig, current};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Answers a pipeline with its own words once the gate lets it through.
#[derive(Clone)]
pub struct GatedBridge(Arc<Gate>);

struct Gate {
    /// Calls that have begun.
    entered: AtomicUsize,
    /// Those of them that are not over, or dropped.
    inside: AtomicUsize,
    /// What was asked last, and for which span.
    asked: Mutex<Vec<(Vec<u8>, Option<SpanContext>)>>,
    passes: Semaphore,
}

impl GatedBridge {
    pub fn new(passes: usize) -> Self {
        GatedBridge(Arc::new(Gate {
            entered: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            asked: Mutex::default(),
            passes: Semaphore::new(passes),
        }))
    }

    pub fn entered(&self) -> usize {
        self.0.entered.load(Ordering::SeqCst)
    }

    pub fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    pub fn let_pass(&self, calls: usize) {
        self.0.passes.add_permits(calls);
    }
}

/// A call that has begun, until it is dropped.
struct Inside<'a>(&'a Gate);

impl<'a> Inside<'a> {
    fn enter(gate: &'a Gate) -> Self {
        gate.inside.fetch_add(1, Ordering::SeqCst);
        gate.entered.fetch_add(1, Ordering::SeqCst);
        Inside(gate)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

impl BridgeFactory for GatedBridge {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        assert!(["hello", "probe"].contains(&id));
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Bridge for GatedBridge {
    async fn pipeline(&self, operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        let words = operations.into_iter().flat_map(|operation| match operation {
            redis::Operation::Command(words) => words,
            redis::Operation::RunScript(script) => script.arguments,
        });
        let words: Vec<_> = words.collect();
        self.0.asked.lock().unwrap().push((words.last().cloned().unwrap_or_default(), current()));
        let _inside = Inside::enter(&self.0);
        self.0.passes.acquire().await.unwrap().forget();
        Ok(words.into_iter().map(redis::Reply::Bulk).collect())
    }

    async fn query(&self, _: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        Err(Failure::NotGranted("postgres".into()))
    }

    async fn try_query(&self, _: postgres::Statement, _: u32) -> Result<postgres::RowSet, Failure> {
        Err(Failure::NotGranted("postgres".into()))
    }

    async fn transact(
        &self,
        _: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        Err(postgres::TransactError::Failed(Failure::NotGranted("postgres".into())))
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        Err(Failure::NotGranted("produces".into()))
    }

    async fn try_pipeline(
        &self,
        operations: Vec<redis::Operation>,
        _: u32,
    ) -> Result<Vec<redis::Reply>, Failure> {
        self.pipeline(operations).await
    }

    async fn call(&self, _: services::Request) -> Result<services::Response, Failure> {
        Err(Failure::NotGranted("services".into()))
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        Err(Failure::NotGranted("passwords".into()))
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        Err(Failure::NotGranted("passwords".into()))
    }

    async fn take_request(&self, _: limits::Subject) -> Result<limits::Standing, Failure> {
        Err(Failure::NotGranted("limits".into()))
    }

    async fn exchange(&self, _: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure> {
        Err(Failure::NotGranted("memory".into()))
    }
}

#[tokio::test]
async fn a_call_goes_to_the_components_bridge_and_back() {
    let runner = Setup::default().bridges(GatedBridge::new(1)).start().await;
    let response = get(&runner, "/probe/redis/key").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), "[Reply::Bulk([71, 69, 84]), Reply::Bulk([107, 101, 121])]");
    runner.stop().await;
}

#[tokio::test]
async fn calls_of_one_instance_overlap() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).start().await;
    let mut waiting = Vec::new();
    for calls in 1..=8 {
        waiting.push(tokio::spawn(get_from(runner.address(), "/probe/redis/key")));
        wait_until(|| bridge.entered() == calls, || format!("{}", bridge.entered())).await;
    }
    bridge.let_pass(8);
    for response in join_all(waiting).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(report(&runner, "probe").instances_started, 1);
    runner.stop().await;
}

#[tokio::test]
async fn calls_of_one_instance_that_overlap_are_each_made_for_their_own_request() {
    // Nobody takes the spans: here it is about who is told of them.
    let nowhere =
        |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://127.0.0.1:9".to_owned());
    let bridge = GatedBridge::new(0);
    let mut setup = Setup::default().bridges(bridge.clone());
    setup.settings.tracer = Tracer::start(TracesConfig::read(nowhere).unwrap()).unwrap();
    let runner = setup.start().await;
    let of = |trace: usize| format!("00-{trace:032x}-00000000000000ff-01");
    let ask = |trace: usize| {
        let request = Request::get(format!("/probe/redis/{trace}")).header("traceparent", of(trace));
        send(runner.address(), request.body(Full::<Bytes>::default()).unwrap())
    };
    // The second eight are served by tasks that have the numbers of the first.
    for first in [1, 9] {
        let mut waiting = Vec::new();
        for trace in first..first + 8 {
            waiting.push(tokio::spawn(ask(trace)));
            wait_until(|| bridge.entered() == trace, || format!("{}", bridge.entered())).await;
        }
        bridge.let_pass(8);
        for response in join_all(waiting).await {
            assert_eq!(response.unwrap().status(), 200);
        }
    }
    let asked = bridge.0.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 16);
    for (key, span) in asked {
        let trace = std::str::from_utf8(&key).unwrap().parse().unwrap();
        let (span, sent) = (span.unwrap(), SpanContext::parse(&of(trace)).unwrap());
        assert!(span.shares_trace_with(&sent) && span != sent, "{span} for {sent}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn who_waits_no_longer_is_told_so_and_what_is_called_for_it_ends() {
    let bridge = GatedBridge::new(0);
    let mut setup = Setup::default().bridges(bridge.clone());
    setup.settings.admin = Some(AdminAddress::Tcp("127.0.0.1:0".parse().unwrap()));
    let runner = setup.start().await;
    let Some(AdminAddress::Tcp(admin)) = runner.admin_address().cloned() else { panic!("no address") };
    let send_to = async |path: &str, timeout: &str| {
        let request =
            Request::get(path).header("content-type", "application/grpc").header("grpc-timeout", timeout);
        send(runner.address(), request.body(Full::<Bytes>::default()).unwrap()).await
    };
    let ask = async |timeout: &str| {
        let told = send_to("/probe.v1.Probe/Read", timeout).await;
        (
            told.status().as_u16(),
            told.headers()["grpc-status"].clone(),
            told.headers()["content-type"].clone(),
        )
    };
    let told = |status: &'static str| {
        let [status, grpc] = [status, "application/grpc"].map(http::HeaderValue::from_static);
        (200, status, grpc)
    };
    assert_eq!(ask("soon").await, told("3"));
    assert_eq!(bridge.entered(), 0);
    assert_eq!(ask("1S").await, told("4"));
    assert_eq!(bridge.entered(), 1);
    // The caller is told first; then what was called for it ends, though nothing has let it pass.
    wait_until(|| bridge.inside() == 0, || format!("{} inside", bridge.inside())).await;
    bridge.let_pass(1);
    assert_eq!(get(&runner, "/probe.v1.Probe/Read").await.status(), 200);
    // The function has not failed: its caller was in a hurry.
    assert_eq!(report(&runner, "probe").errors, 0);
    // What is no method of gRPC does not end in time by anybody's word.
    let hello = send_to("/hello", "1n").await;
    assert_eq!((hello.status().as_u16(), hello.headers().get("grpc-status")), (200, None));
    let metrics = get_from(admin, "/metrics").await;
    let metrics = std::str::from_utf8(metrics.body()).unwrap();
    let route = "component=\"probe\",service=\"\",route=\"/probe.v1.Probe/Read\"";
    for line in [
        format!("mcsp_grpc_requests_total{{{route},grpc_status=\"INVALID_ARGUMENT\"}} 1\n"),
        format!("mcsp_grpc_requests_total{{{route},grpc_status=\"DEADLINE_EXCEEDED\"}} 1\n"),
        format!("mcsp_http_requests_total{{{route},status_class=\"2xx\"}} 1\n"),
        format!("mcsp_http_requests_total{{{route},status_class=\"4xx\"}} 1\n"),
        format!("mcsp_http_requests_total{{{route},status_class=\"5xx\"}} 1\n"),
    ] {
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    runner.stop().await;
}
