//! Everything that one test needs, its own: a schema, keys, a topic, a service to call, a sidecar, and hosts.

use crate::host;
use crate::kafka;
use crate::outgoing::Outgoing;
use crate::postgres::{Database, migrations, unique};
use crate::probe::Probe;
use crate::sidecar::{Orders, Sidecar};
use crate::target::Target;
use mcsp_bridge::{postgres_password_variable, role_of, service_url_variable};
use mcsp_bridge_api::kafka::Event;
use mcsp_manifest::Manifest;
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const TOKEN: &str = "the-token-of-this-stage";
/// The one that is to take its place.
pub const NEXT_TOKEN: &str = "the-next-token-of-this-stage";

/// Sidecars listen here, where nobody else does: a port that one has left is free for the next.
const SIDECARS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 95));

pub struct Stage {
    pub sidecar: Sidecar,
    pub target: Target,
    /// The component with every grant.
    pub component: String,
    /// A topic that it produces.
    pub topic: String,
    /// A prefix of the keys that are its own.
    pub prefix: String,
    /// Where the probe is served that the sidecar delivers events to.
    pub functions: SocketAddr,
    pub environment: BTreeMap<String, String>,
    dir: TempDir,
    _database: Database,
}

impl Stage {
    pub async fn start() -> Self {
        let id = unique();
        let service = format!("t{id}");
        let database = database(&service).await;
        let target = Target::start().await;
        let topic = kafka::topic(1).await;
        let (component, prefix) = (format!("probe-{id}"), format!("{service}:"));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(manifest_in(&dir), manifest(&component, &service, &topic, &prefix)).unwrap();
        let environment = environment(&service, &database, &target);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let functions = listener.local_addr().unwrap();
        let (listen, manifest) = (&format!("{SIDECARS}:0"), &manifest_in(&dir));
        let orders = Orders { listen, manifest, functions, environment: &environment, more: &[] };
        let sidecar = Sidecar::start(orders).await;
        let told = variables(&sidecar.address, &component);
        host::serve(listener, Arc::new(told), Outgoing::new(1));
        Stage { sidecar, target, component, topic, prefix, functions, environment, dir, _database: database }
    }

    /// The probe with the adapter before the sidecar.
    pub fn probe(&self) -> Probe {
        Probe::at(self.functions)
    }

    /// The same, told otherwise.
    pub async fn probe_told(&self, name: &str, value: &str) -> Probe {
        let mut told = variables(&self.sidecar.address, &self.component);
        told.insert(name.to_owned(), value.to_owned());
        self.probe_with(told, Outgoing::new(1)).await
    }

    pub async fn probe_with(&self, told: BTreeMap<String, String>, outgoing: Outgoing) -> Probe {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Probe::at(host::serve(listener, Arc::new(told), outgoing))
    }

    /// Starts another sidecar where the last one was.
    pub async fn start_sidecar_again(&mut self) {
        self.sidecar = self.another_sidecar(&self.sidecar.address, &[]).await;
    }

    /// A sidecar of its own for a runner, on a Unix socket, which leaves events to the first.
    pub async fn sidecar_on_a_socket(&self) -> Sidecar {
        let socket = self.dir.path().join("bridge.sock");
        self.another_sidecar(&socket.display().to_string(), &["--no-consumers", "--no-timers"]).await
    }

    async fn another_sidecar(&self, listen: &str, more: &[&str]) -> Sidecar {
        let (manifest, functions) = (&manifest_in(&self.dir), self.functions);
        Sidecar::start(Orders { listen, manifest, functions, environment: &self.environment, more }).await
    }

    pub fn manifest(&self) -> Manifest {
        Manifest::load(&manifest_in(&self.dir)).unwrap()
    }

    pub fn event(&self, data: &str) -> Event {
        kafka::event(&self.topic, "key", data)
    }
}

/// What a component's adapter is told.
pub fn variables(sidecar: &str, component: &str) -> BTreeMap<String, String> {
    let told = [
        ("bridge_url", format!("http://{sidecar}")),
        ("bridge_token", TOKEN.to_owned()),
        ("bridge_component", component.to_owned()),
    ];
    told.map(|(name, value)| (name.to_owned(), value)).into()
}

fn manifest_in(dir: &TempDir) -> PathBuf {
    dir.path().join("spin.toml")
}

async fn database(service: &str) -> Database {
    let mut database = Database::empty(&[]).await;
    let (service, role) = (service.to_owned(), role_of(service));
    database.services.push(ServiceAccess { role, password: unique(), service: service.clone() });
    migrate(&database.url, &migrations(), &database.services).await.unwrap();
    let things =
        "CREATE TABLE things (id bigint PRIMARY KEY, name text CONSTRAINT things_name_unique UNIQUE)";
    database.prepare(&service, things).await;
    database
}

fn environment(service: &str, database: &Database, target: &Target) -> BTreeMap<String, String> {
    let password = database.services[0].password.clone();
    let redis =
        std::env::var("MCSP_TEST_REDIS_URL").expect("MCSP_TEST_REDIS_URL is not set: run scripts/test");
    [
        ("MCSP_POSTGRES_URL".to_owned(), database.url.clone()),
        (postgres_password_variable(service), password),
        ("MCSP_REDIS_URL".to_owned(), redis),
        ("MCSP_KAFKA_BROKERS".to_owned(), kafka::brokers()),
        (service_url_variable("echo"), format!("http://{}", target.address)),
        ("MCSP_BRIDGE_TOKEN".to_owned(), format!("{TOKEN} {NEXT_TOKEN}")),
    ]
    .into()
}

fn manifest(component: &str, service: &str, topic: &str, prefix: &str) -> String {
    let probe = crate::composition::wasm_dir().join("probe.wasm");
    let source = Path::display(&probe);
    format!(
        r#"
spin_manifest_version = 2
application.name = "adapter-test"

[[trigger.http]]
route = "/probe/..."
component = "{component}"

[[trigger.http]]
route = "/events/probe"
component = "{component}"

[component.{component}]
source = "{source}"
[component.{component}.tool.mcsp]
service = "{service}"
postgres = true
produces = ["{topic}"]
consumes = ["{topic}"]
events_path = "/events/probe"
redis = ["{prefix}"]
memory = ["{prefix}"]
services = ["echo"]
passwords = true
rate_limit = {{ per_minute = 1, burst = 2 }}
address_rate_limit = {{ per_minute = 1, burst = 2 }}

[component.bare]
source = "{source}"
"#
    )
}
