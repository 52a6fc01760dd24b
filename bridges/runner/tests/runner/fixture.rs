//! A runner with the hello and the probe function, and a client for it.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mcsp_manifest::{Manifest, Variables};
use mcsp_runner::{
    Application, BridgeFactory, FunctionReport, NoBridge, Reuse, Runner, Settings, StartError,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// The longest that a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Setup {
    pub settings: Settings,
    pub manifest: String,
    /// Where the manifest's `.wasm` files are.
    pub sources: PathBuf,
    pub bridges: Arc<dyn BridgeFactory>,
}

impl Default for Setup {
    fn default() -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runner-code");
        let settings = Settings { workers: 1, drain: PATIENCE, ..Settings::new(cache) };
        Setup { settings, manifest: manifest_of_both(), sources: wasm_dir(), bridges: Arc::new(NoBridge) }
    }
}

impl Setup {
    pub fn reuse(mut self, requests: usize, concurrent: usize) -> Self {
        self.settings.reuse = Reuse { requests, concurrent };
        self
    }

    pub fn bridges(mut self, bridges: impl BridgeFactory) -> Self {
        self.bridges = Arc::new(bridges);
        self
    }

    /// Settings of the probe, as they stand under `tool.mcsp`.
    pub fn probe(mut self, settings: &str) -> Self {
        self.manifest = manifest("", settings);
        self
    }

    /// Settings of the hello function, as they stand under `tool.mcsp`.
    pub fn hello(mut self, settings: &str) -> Self {
        self.manifest = manifest(settings, "");
        self
    }

    pub async fn try_start(self) -> Result<Runner, StartError> {
        let manifest = Manifest::parse(&self.manifest, &self.sources).unwrap();
        let who = |name: &str| (name == "who").then(|| "world".to_owned());
        let variables = Variables::resolve(&manifest, who).unwrap();
        let application = Application {
            manifest,
            variables,
            bridges: self.bridges,
            extensions: Vec::new(),
            documents: Vec::new(),
        };
        Runner::start(self.settings, application).await
    }

    pub async fn start(self) -> Runner {
        for name in ["hello.wasm", "probe.wasm"] {
            let file = wasm_dir().join(name);
            assert!(
                file.exists(),
                "{} is missing: run scripts/test, or \
                 cargo build --target wasm32-wasip2 --release -p hello -p probe",
                file.display()
            );
        }
        self.try_start().await.unwrap()
    }
}

pub fn wasm_dir() -> PathBuf {
    std::env::var_os("MCSP_TEST_WASM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/wasm32-wasip2/release"),
        PathBuf::from,
    )
}

/// The hello and the probe function, without settings.
pub fn manifest_of_both() -> String {
    manifest("", "")
}

/// The hello and the probe function, with settings as they stand under `tool.mcsp`.
pub fn manifest(hello: &str, probe: &str) -> String {
    format!(
        r#"
spin_manifest_version = 2
application.name = "test"

[variables]
who = {{ required = true }}

[[trigger.http]]
route = "/hello"
component = "hello"

[[trigger.http]]
route = "/probe/..."
component = "probe"

[[trigger.http]]
route = "/probe.v1.Probe/Read"
component = "probe"

[[trigger.http]]
route = "/events/probe"
component = "probe"

[component.hello]
source = "hello.wasm"
[component.hello.tool.mcsp]
{hello}

[component.probe]
source = "probe.wasm"
[component.probe.variables]
greeting = "hello {{{{ who }}}}!"
[component.probe.tool.mcsp]
{probe}
"#
    )
}

pub async fn get(runner: &Runner, path: &str) -> Response<Bytes> {
    get_from(runner.address(), path).await
}

pub async fn get_from(address: SocketAddr, path: &str) -> Response<Bytes> {
    send(address, Request::get(path).body(Full::default()).unwrap()).await
}

/// Sends over a connection of its own.
pub async fn send<B>(address: SocketAddr, mut request: Request<B>) -> Response<Bytes>
where
    B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    request.headers_mut().insert("host", "localhost".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    collect(sender.send_request(request).await.unwrap()).await
}

pub async fn send_http2(address: SocketAddr, path: &str) -> Response<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let uri = format!("http://localhost{path}");
    let request = Request::get(uri).body(Full::<Bytes>::default()).unwrap();
    collect(sender.send_request(request).await.unwrap()).await
}

async fn collect(response: Response<hyper::body::Incoming>) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

/// Asserts that an answer is a problem document of this status and code.
#[track_caller]
pub fn assert_problem(response: &Response<Bytes>, status: u16, code: &str) {
    assert_eq!(response.status(), status, "{response:?}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(document["code"], code);
    assert_eq!(document["status"], status);
}

pub fn report(runner: &Runner, component: &str) -> FunctionReport {
    runner.functions().into_iter().find(|report| report.component == component).unwrap()
}

/// Waits until a function's account is as described.
pub async fn wait_for(runner: &Runner, component: &str, condition: impl Fn(&FunctionReport) -> bool) {
    wait_until(|| condition(&report(runner, component)), || format!("{:?}", report(runner, component))).await;
}

pub async fn wait_until(condition: impl Fn() -> bool, state: impl Fn() -> String) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "still {}", state());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
