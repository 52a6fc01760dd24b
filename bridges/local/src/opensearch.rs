//! A private OpenSearch: one node on loopback, from the jars that scripts/setup copies.

use crate::config::SEARCH_VARIABLE;
use crate::error::LocalError;
use crate::programs;
use crate::server::{Recipe, Server};
use crate::state_dir::StateDir;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The release in `opensearch/pom.xml`.
const VERSION: &str = "2.19.6";
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Small, quick to start, and good enough for one machine; what the release sets; and no native methods (JNA), with which a node
/// refuses to run as root, as which containers build.
const JVM_OPTIONS: [&str; 18] = [
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Djava.locale.providers=SPI,COMPAT",
    "-Djava.security.manager=allow",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dopensearch.distribution.type=tar",
    "-Djna.nosys=true",
    "-Djna.nounpack=true",
];

/// Warnings to standard output.
const LOGGING: &str = "\
    status = error\n\
    appender.console.type = Console\n\
    appender.console.name = console\n\
    appender.console.layout.type = PatternLayout\n\
    appender.console.layout.pattern = [%d{ISO8601}][%p][%c{1.}] %m%n\n\
    rootLogger.level = warn\n\
    rootLogger.appenderRef.console.ref = console\n";

/// How to run the private OpenSearch.
#[derive(Debug)]
pub struct OpenSearch {
    home: PathBuf,
    configuration: PathBuf,
    port: u16,
}

impl Server<OpenSearch> {
    /// Starts the node.
    pub(crate) async fn launch(state: &StateDir, tools_dir: &Path) -> Result<Self, LocalError> {
        let server = Self::new(OpenSearch::prepare(state, tools_dir)?, state.log_path(OpenSearch::NAME));
        server.start().await?;
        Ok(server)
    }
}

impl OpenSearch {
    fn prepare(state: &StateDir, tools_dir: &Path) -> Result<Self, LocalError> {
        let home = tools_dir.join(format!("opensearch-{VERSION}"));
        if !home.is_dir() {
            let program = format!("OpenSearch ({}, by scripts/setup --search)", home.display());
            return Err(LocalError::MissingProgram { program });
        }
        let own = state.directory("opensearch")?;
        let configuration = state.directory("opensearch/config")?;
        let port = state.port(Self::NAME)?;
        let (transport_port, own) = (state.port("opensearch-transport")?, own.display());
        let settings = format!(
            "cluster.name: mcsp-local\n\
             node.name: local\n\
             discovery.type: single-node\n\
             network.host: 127.0.0.1\n\
             http.port: {port}\n\
             transport.port: {transport_port}\n\
             path.data: {own}/data\n\
             path.logs: {own}/logs\n\
             node.processors: 2\n\
             cluster.routing.allocation.disk.threshold_enabled: false\n"
        );
        for (name, content) in [("opensearch.yml", settings.as_str()), ("log4j2.properties", LOGGING)] {
            let path = configuration.join(name);
            fs::write(&path, content).map_err(LocalError::file("write", &path))?;
        }
        Ok(Self { home, configuration, port })
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Recipe for OpenSearch {
    const NAME: &'static str = "opensearch";
    const VARIABLE: Option<&'static str> = Some(SEARCH_VARIABLE);
    const STOP_TIMEOUT: Duration = Duration::from_secs(20);

    fn command(&self) -> Result<Command, LocalError> {
        let mut command = Command::new(programs::find("java")?);
        let property = |name: &str, path: &Path| format!("-D{name}={}", path.display());
        command
            .args(JVM_OPTIONS)
            .arg(property("opensearch.path.home", &self.home))
            .arg(property("opensearch.path.conf", &self.configuration))
            .arg("-cp")
            .arg(self.home.join("lib/*"))
            .arg("org.opensearch.bootstrap.OpenSearch");
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        check(&self.url()).await
    }
}

/// Whether an engine answers, and can be written to.
pub(crate) async fn check(url: &str) -> Result<(), String> {
    let ask = async {
        let client = reqwest::Client::builder().timeout(ANSWER_MAX).build()?;
        let health = format!("{url}/_cluster/health?wait_for_status=yellow&timeout=1s");
        client.get(health).send().await?.error_for_status()
    };
    ask.await.map(|_| ()).map_err(|error| error.without_url().to_string())
}

#[cfg(test)]
mod tests {
    use super::VERSION;

    #[test]
    fn the_version_is_the_one_that_setup_downloads() {
        let pom = include_str!("../opensearch/pom.xml");
        assert!(
            pom.contains(&format!(
                "<artifactId>opensearch-local</artifactId>\n  <version>{VERSION}</version>"
            ))
        );
        let descriptor = include_str!("../opensearch/plugin-descriptor.properties");
        assert!(descriptor.contains(&format!("opensearch.version={VERSION}\n")));
    }
}
