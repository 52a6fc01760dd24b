//! A private Apache Kafka: one node in KRaft mode, on loopback, from the jars that scripts/setup copies.

use crate::config::KAFKA_VARIABLE;
use crate::error::LocalError;
use crate::programs;
use crate::server::{Recipe, Server, prepare};
use crate::state_dir::StateDir;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The release in `kafka/pom.xml`.
const VERSION: &str = "4.3.1";
/// Names the one cluster of this machine; any valid id will do.
const CLUSTER_ID: &str = "bWNzcC1sb2NhbC1rYWZrYQ";
/// After a crash the new broker must wait until the old one counts as dead: by default 9 s.
const SESSION_TIMEOUT_MS: u32 = 3_000;
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);

/// Small, quick to start, and good enough for one machine.
const JVM_OPTIONS: [&str; 8] = [
    "-Xms64m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

/// How to run the private Kafka.
#[derive(Debug)]
pub struct Kafka {
    libraries: PathBuf,
    properties: PathBuf,
    port: u16,
}

impl Server<Kafka> {
    /// Formats the storage where that has not been done, and starts the broker.
    pub(crate) async fn launch(state: &StateDir, tools_dir: &Path) -> Result<Self, LocalError> {
        let kafka = Kafka::prepare(state, tools_dir).await?;
        let server = Self::new(kafka, state.log_path(Kafka::NAME));
        server.start().await?;
        Ok(server)
    }
}

impl Kafka {
    async fn prepare(state: &StateDir, tools_dir: &Path) -> Result<Self, LocalError> {
        let libraries = tools_dir.join(format!("kafka-{VERSION}")).join("libs");
        if !libraries.is_dir() {
            return Err(LocalError::MissingProgram { program: format!("Kafka ({})", libraries.display()) });
        }
        let home = state.directory("kafka")?;
        let kafka =
            Self { libraries, properties: home.join("server.properties"), port: state.port(Self::NAME)? };
        let controller_port = state.port("kafka-controller")?;
        let data = home.join("data");
        if !data.exists() {
            kafka.format_storage(&data, controller_port, &state.log_path("kafka-format")).await?;
        }
        kafka.write_properties(&data, controller_port)?;
        Ok(kafka)
    }

    /// Formats a directory beside the data's place and moves it there when it is whole.
    async fn format_storage(&self, data: &Path, controller_port: u16, log: &Path) -> Result<(), LocalError> {
        let partial = data.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(LocalError::file("remove", &partial))?;
        }
        self.write_properties(&partial, controller_port)?;
        let mut command = self.java("kafka.tools.StorageTool")?;
        command.args(["format", "--cluster-id", CLUSTER_ID, "--config"]).arg(&self.properties);
        prepare::<Kafka>("formatting Kafka's storage", command, log).await?;
        fs::rename(&partial, data).map_err(LocalError::file("rename", &partial))
    }

    fn write_properties(&self, data: &Path, controller_port: u16) -> Result<(), LocalError> {
        let (port, data) = (self.port, data.display());
        let properties = format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             log.dirs={data}\n\
             auto.create.topics.enable=false\n\
             offsets.topic.num.partitions=4\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.num.partitions=4\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             share.coordinator.state.topic.num.partitions=1\n\
             share.coordinator.state.topic.replication.factor=1\n\
             share.coordinator.state.topic.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n\
             broker.heartbeat.interval.ms=500\n\
             broker.session.timeout.ms={SESSION_TIMEOUT_MS}\n\
             num.network.threads=2\n\
             num.io.threads=4\n\
             log.cleaner.dedupe.buffer.size=16777216\n"
        );
        fs::write(&self.properties, properties).map_err(LocalError::file("write", &self.properties))
    }

    fn java(&self, class: &str) -> Result<Command, LocalError> {
        let mut command = Command::new(programs::find("java")?);
        command.args(JVM_OPTIONS).arg("-cp").arg(self.libraries.join("*")).arg(class);
        Ok(command)
    }

    /// The bootstrap address.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Recipe for Kafka {
    const NAME: &'static str = "kafka";
    const VARIABLE: Option<&'static str> = Some(KAFKA_VARIABLE);
    const STOP_TIMEOUT: Duration = Duration::from_secs(20);

    fn command(&self) -> Result<Command, LocalError> {
        let mut command = self.java("kafka.Kafka")?;
        command.arg(&self.properties);
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        // Asking for metadata is costly while nobody listens yet.
        tokio::net::TcpStream::connect(self.brokers()).await.map_err(|error| error.to_string())?;
        check(&self.brokers()).await
    }
}

/// Whether a Kafka answers.
pub(crate) async fn check(brokers: &str) -> Result<(), String> {
    let mut configuration = ClientConfig::new();
    configuration.set("bootstrap.servers", brokers).set("log_level", "0");
    let ask = move || {
        let client: BaseConsumer = configuration.create()?;
        client.fetch_metadata(None, METADATA_TIMEOUT)
    };
    match tokio::task::spawn_blocking(ask).await {
        Ok(Ok(metadata)) if !metadata.brokers().is_empty() => Ok(()),
        Ok(Ok(_)) => Err("the cluster has no broker yet".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::VERSION;

    #[test]
    fn the_version_is_the_one_that_setup_downloads() {
        let pom = include_str!("../kafka/pom.xml");
        assert!(
            pom.contains(&format!("<artifactId>kafka-local</artifactId>\n  <version>{VERSION}</version>"))
        );
    }
}
