//! A platform of a test's own, to break: its stores and its process can be ended and started again.

use crate::client::root;
use crate::wire::{End, Wire};
use crate::{Platform, eventually};
use mcsp_local::{Durability, Kafka, OpenSearch, Redis, Server, Silent, Source, Stack, StackConfig, Urls};
use rustix::process::{Pid, Signal, kill_process};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, UnixStream};

/// A platform whose stores belong to the test and whose `mcsp up` is a process of its own.
pub struct OwnPlatform {
    state: TempDir,
    stack: Stack,
    port: Port,
    settings: Settings,
    process: Running,
}

/// Wires to what Playback depends on: stores, and the services that its components may call.
#[derive(Debug)]
pub struct Wires {
    /// To Postgres.
    pub postgres: Wire,
    /// To Redis.
    pub redis: Wire,
    /// To Kafka.
    pub kafka: Wire,
    /// To Auth.
    pub auth: Wire,
    /// To Content.
    pub content: Wire,
}

impl Wires {
    /// The wires, and what the platform is told so that it uses them.
    fn before(urls: &Urls, port: u16) -> (Wires, Vec<(String, String)>) {
        const HTTP: [&[u8]; 2] =
            [b"\x00\xffwhat?\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"];
        let end =
            |address: &str, garbage| End { address: address.to_owned(), garbage, tells_its_address: false };
        let (postgres, redis) =
            (urls.postgres.clone().unwrap_or_default(), urls.redis.clone().unwrap_or_default());
        let brokers = urls.kafka_brokers.clone().unwrap_or_default();
        let own = format!("127.0.0.1:{port}");
        let wires = Wires {
            postgres: Wire::to(end(&place(&postgres), [b"\x00\xffwhat?", b"N"])),
            redis: Wire::to(end(&place(&redis), [b"\x00\xffwhat?\r\n", b"+OK\r\n"])),
            kafka: Wire::to(End {
                tells_its_address: true,
                ..end(&brokers, [b"\x00\xffwhat?", b"\0\0\0\x04\0\0\0\x01"])
            }),
            auth: Wire::to(end(&own, HTTP)),
            content: Wire::to(end(&own, HTTP)),
        };
        let through = |url: &str, wire: &Wire| url.replacen(&place(url), &wire.address().to_string(), 1);
        let told = [
            ("MCSP_POSTGRES_URL", through(&postgres, &wires.postgres)),
            ("MCSP_REDIS_URL", through(&redis, &wires.redis)),
            ("MCSP_KAFKA_BROKERS", wires.kafka.address().to_string()),
            ("MCSP_SERVICE_URL_AUTH", format!("http://{}", wires.auth.address())),
            ("MCSP_SERVICE_URL_CONTENT", format!("http://{}", wires.content.address())),
        ];
        (wires, told.map(|(name, url)| (name.to_owned(), url)).into())
    }
}

/// `host:port` of a URL.
fn place(url: &str) -> String {
    let url = reqwest::Url::parse(url).expect("a URL");
    format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"))
}

/// A port that stays ours while no process listens on it: bound, and shared with the one that will.
struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    fn take() -> std::io::Result<Port> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.set_reuseport(true)?;
        held.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Port { number: held.local_addr()?.port(), _held: held })
    }
}

/// A process that ends with its test, also with one that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What `mcsp up` is started with beside the stores.
struct Settings {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl OwnPlatform {
    /// Starts stores and platform.
    ///
    /// # Panics
    /// When something does not start, with the log's place.
    pub async fn start() -> OwnPlatform {
        OwnPlatform::start_with(&[], &[]).await
    }

    /// The same, with more arguments for `mcsp up` and more variables in its environment.
    ///
    /// # Panics
    /// When something does not start, with the log's place.
    pub async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> OwnPlatform {
        OwnPlatform::launch(arguments, variables, Source::Off, |_, _| Vec::new()).await
    }

    /// The same, with a search engine.
    ///
    /// # Panics
    /// When something does not start, with the log's place.
    pub async fn start_with_search() -> OwnPlatform {
        let told = |urls: &Urls, _| {
            let policies = root().join("tests/search.toml").display().to_string();
            // The engine is well and the cores are busy: what waits for a core must not be taken for an outage.
            let told = [
                ("MCSP_SERVICE_URL_SEARCH", urls.search.clone().unwrap_or_default()),
                ("SPIN_VARIABLE_SEARCH_PATIENCE_MS", "4000".to_owned()),
                ("MCSP_POLICIES", policies),
            ];
            told.map(|(name, value)| (name.to_owned(), value)).into()
        };
        OwnPlatform::launch(&[], &[], Source::Private, told).await
    }

    /// The same, with a wire between the platform and each thing that Playback depends on.
    ///
    /// # Panics
    /// When something does not start, with the log's place.
    pub async fn start_behind_wires(variables: &[(&str, &str)]) -> (OwnPlatform, Wires) {
        let mut wires = None;
        let platform = OwnPlatform::launch(&[], variables, Source::Off, |urls, port| {
            let (all, told) = Wires::before(urls, port);
            wires = Some(all);
            told
        });
        let platform = platform.await;
        (platform, wires.expect("the wires"))
    }

    async fn launch(
        arguments: &[&str],
        variables: &[(&str, &str)],
        search: Source,
        wire: impl FnOnce(&Urls, u16) -> Vec<(String, String)>,
    ) -> OwnPlatform {
        let mut settings = Settings {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let state = tempfile::Builder::new().prefix("mcsp-own-").tempdir().expect("a temporary directory");
        // The stores may run as another user, who must get through.
        let stores = state.path().join("stores");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(state.path(), open).expect("a directory of ours");
        let tools_dir = root().join(".mcsp");
        let config = StackConfig { tools_dir, search, ..StackConfig::stores(stores, Durability::Durable) };
        let stack = Stack::start(config, &Silent).await.expect("private stores");
        let port = Port::take().expect("a port");
        settings.variables.extend(wire(&stack.urls(), port.number));
        let process = run(state.path(), &stack, port.number, &settings);
        let platform = OwnPlatform { state, stack, port, settings, process };
        platform.answers().await;
        platform
    }

    /// The client for it.
    pub fn client(&self) -> Platform {
        Platform::at(format!("http://127.0.0.1:{}", self.port.number))
    }

    /// Has it started again with another variable.
    ///
    /// # Panics
    /// When it does not end, or does not start.
    pub async fn told(mut self, name: &str, value: String) -> OwnPlatform {
        self.end().await;
        self.settings.variables.push((name.to_owned(), value));
        self.start_again().await;
        self
    }

    /// Its Kafka.
    ///
    /// # Panics
    /// Never: it is private.
    pub fn kafka(&self) -> &Server<Kafka> {
        self.stack.kafka().expect("a private Kafka")
    }

    /// Its Redis.
    ///
    /// # Panics
    /// Never: it is private.
    pub fn redis(&self) -> &Server<Redis> {
        self.stack.redis().expect("a private Redis")
    }

    /// Its search engine.
    ///
    /// # Panics
    /// When it was started without.
    pub fn search(&self) -> &Server<OpenSearch> {
        self.stack.search().expect("a private search engine")
    }

    /// Its Kafka's address.
    ///
    /// # Panics
    /// Never: it is private.
    pub fn brokers(&self) -> String {
        self.stack.urls().kafka_brokers.expect("a private Kafka")
    }

    /// Its Postgres, as superuser.
    ///
    /// # Panics
    /// Never: it is private.
    pub fn postgres_url(&self) -> String {
        self.stack.urls().postgres.expect("a private Postgres")
    }

    /// Its Redis's address.
    ///
    /// # Panics
    /// Never: it is private.
    pub fn redis_url(&self) -> String {
        self.stack.urls().redis.expect("a private Redis")
    }

    /// The shell assignments of all that its functions and bridge are configured with.
    pub fn environment(&self) -> PathBuf {
        self.state.path().join("platform/platform.env")
    }

    /// Where its state and metrics are shown.
    pub fn admin_socket(&self) -> PathBuf {
        self.state.path().join("platform/admin.sock")
    }

    /// What is shown there at a path, such as `/metrics`.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn admin(&self, path: &str) -> String {
        OwnPlatform::admin_at(&self.admin_socket(), path).await
    }

    /// What any platform shows there, whose socket this is.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn admin_at(socket: &Path, path: &str) -> String {
        let mut socket = UnixStream::connect(socket).await.expect("the admin face");
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.to_owned()
    }

    /// The process id of `mcsp up`.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Ends `mcsp up` as a crash would: SIGKILL.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn crash(&mut self) {
        self.process.0.kill().expect("a process of ours");
        self.process.0.wait().expect("a process of ours");
        std::fs::remove_file(self.state.path().join("platform/ready")).ok();
    }

    /// Asks `mcsp up` to end, and waits until it has.
    ///
    /// # Panics
    /// When it does not end by itself, or says that it failed.
    pub async fn end(&mut self) {
        let process = &mut self.process.0;
        let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, Signal::TERM).expect("a process of ours");
        let status =
            eventually("the platform has ended", async || process.try_wait().expect("a child")).await;
        assert!(status.success(), "{status}");
    }

    /// Starts `mcsp up` again, over the same state.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.process = run(self.state.path(), &self.stack, self.port.number, &self.settings);
        self.answers().await;
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.crash();
        self.stack.stop().await;
    }

    async fn answers(&self) {
        let ready = self.state.path().join("platform/ready");
        let log = self.state.path().join("mcsp.log");
        eventually(&format!("the platform answers; its log is {}", log.display()), async || {
            ready.exists().then_some(())
        })
        .await;
    }
}

fn run(state: &Path, stack: &Stack, port: u16, settings: &Settings) -> Running {
    let urls = stack.urls();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(state.join("mcsp.log"));
    let child = Command::new(root().join("target/release/mcsp"))
        .current_dir(root())
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--state-dir"])
        .arg(state.join("platform"))
        // Compiled once for all tests.
        .args(["--cache-dir", "target/test-cache"])
        .args(&settings.arguments)
        .env("MCSP_POLICIES", policies())
        .env("MCSP_POSTGRES_URL", urls.postgres.unwrap_or_default())
        .env("MCSP_REDIS_URL", urls.redis.unwrap_or_default())
        .env("MCSP_KAFKA_BROKERS", urls.kafka_brokers.unwrap_or_default())
        .envs(settings.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("a log file"))
        .spawn()
        .expect("target/release/mcsp: run scripts/test, which builds it");
    Running(child)
}

/// The policies of tests and measurements.
pub fn policies() -> PathBuf {
    root().join("tests/policies.toml")
}
