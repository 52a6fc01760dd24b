//! Where everything is that the bridge reaches.

use crate::policies::Policies;
use mcsp_kafka::KafkaConfig;
use mcsp_manifest::Manifest;
use mcsp_passwords::PasswordsConfig;
use mcsp_postgres::PostgresConfig;
use mcsp_redis::RedisConfig;
use mcsp_services::{ServicesConfig, TargetConfig};
use mcsp_traces::TracesConfig;
use std::collections::BTreeMap;
use std::path::Path;

/// The target that files are fetched from, and how long a call there may take.
pub(crate) const SOURCES: &str = "sources";
pub(crate) const SOURCES_DEADLINE_MS: u32 = 10_000;
/// The target that joins and copies whole files within a call, the one that takes thousands of documents, and the one that files
/// are fetched from; and how long that may take.
const SLOW_TARGETS: [(&str, u32); 3] =
    [("object-store", 30_000), ("search", 10_000), (SOURCES, SOURCES_DEADLINE_MS)];
/// The target that answers with pieces of files; and how much is taken of it at once. What gives no pieces gives so much.
const LARGE_ANSWERS: [(&str, usize); 1] = [(SOURCES, 5 << 20)];

/// Names the file with thresholds of breakers, bulkheads, retries and rate limits.
pub const POLICIES_VARIABLE: &str = "MCSP_POLICIES";

/// Where everything is that the bridge reaches. What is none is answered as unreachable.
#[derive(Clone, Default)]
pub struct BridgeConfig {
    /// `postgres://host:port/database`; the roles come from `postgres_passwords`.
    pub postgres_url: Option<String>,
    /// The password of each service's role `mcsp_<service>`.
    pub postgres_passwords: BTreeMap<String, String>,
    /// Redis.
    pub redis: Option<RedisConfig>,
    /// Kafka.
    pub kafka: Option<KafkaConfig>,
    /// What components call.
    pub services: ServicesConfig,
    /// How passwords are hashed.
    pub passwords: PasswordsConfig,
    /// Thresholds.
    pub policies: Policies,
    /// The token by which components know the bridge, and the sidecar its components.
    pub token: String,
    /// Where spans go; nowhere where it is none.
    pub traces: Option<TracesConfig>,
}

/// What is missing or wrong in the environment.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is needed by what the manifest grants.
    #[error("{variable} is not set: {needed_by} needs it")]
    Missing {
        /// The environment variable.
        variable: String,
        /// The component or service.
        needed_by: String,
    },
    /// The policies cannot be used.
    #[error(transparent)]
    Policies(#[from] crate::PoliciesError),
    /// The traces cannot be sent as the variables say.
    #[error(transparent)]
    Traces(#[from] mcsp_traces::ConfigError),
}

impl BridgeConfig {
    /// Reads the environment, and asks for all that the manifest's grants need:
    /// `MCSP_POSTGRES_URL` and `MCSP_POSTGRES_PASSWORD_<SERVICE>`, `MCSP_REDIS_URL`, `MCSP_KAFKA_BROKERS`,
    /// `MCSP_SERVICE_URL_<TARGET>`, `MCSP_BRIDGE_TOKEN`; what may be there beside, `MCSP_SERVICE_NETWORKS_<TARGET>`,
    /// the file that `MCSP_POLICIES` names, and OpenTelemetry's variables ([`TracesConfig`]).
    pub fn from_env(manifest: &Manifest) -> Result<Self, ConfigError> {
        Self::read(manifest, |variable| std::env::var(variable).ok())
    }

    /// As [`from_env`](Self::from_env), with variables from elsewhere.
    pub fn read(manifest: &Manifest, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name: &str, needed_by: &str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| ConfigError::Missing {
                variable: name.to_owned(),
                needed_by: needed_by.to_owned(),
            })
        };
        let mut config = BridgeConfig {
            token: required("MCSP_BRIDGE_TOKEN", "every component")?,
            traces: TracesConfig::read(&variable)?,
            ..BridgeConfig::default()
        };
        for component in manifest.components.values() {
            let (id, grants) = (component.id.as_str(), &component.settings.grants);
            if let Some(service) = grants.service.as_deref().filter(|_| grants.postgres) {
                config.postgres_url = Some(required("MCSP_POSTGRES_URL", id)?);
                let password = required(&postgres_password_variable(service), service)?;
                config.postgres_passwords.insert(service.to_owned(), password);
            }
            if !grants.redis.is_empty() {
                config.redis = Some(RedisConfig::at(required("MCSP_REDIS_URL", id)?));
            }
            if !grants.produces.is_empty() || !grants.consumes.is_empty() {
                config.kafka = Some(KafkaConfig::new(&required("MCSP_KAFKA_BROKERS", id)?));
            }
            for target in &grants.services {
                let url = required(&service_url_variable(target), id)?;
                let networks = variable(&service_networks_variable(target)).unwrap_or_default();
                let networks = networks.split_whitespace().map(str::to_owned).collect();
                let target_config = TargetConfig { networks, ..target_at(target, url) };
                config.services.targets.insert(target.clone(), target_config);
            }
            for target in &grants.optional_services {
                let url = variable(&service_url_variable(target)).filter(|url| !url.is_empty());
                config.services.targets.extend(url.map(|url| (target.clone(), target_at(target, url))));
            }
        }
        if let Some(path) = variable(POLICIES_VARIABLE) {
            config.policies = crate::load_policies(Path::new(&path))?;
        }
        Ok(config)
    }

    /// How a service reaches its schema, where Postgres is configured for it.
    pub(crate) fn postgres_of(&self, service: &str) -> Option<PostgresConfig> {
        let (url, password) = (self.postgres_url.as_deref()?, self.postgres_passwords.get(service)?);
        Some(PostgresConfig::new(url, &role_of(service), password, service))
    }
}

/// A target with the bounds that it needs.
pub fn target_at(target: &str, url: String) -> TargetConfig {
    let mut at = TargetConfig::at(url);
    if let Some((_, deadline_ms)) = SLOW_TARGETS.iter().find(|(slow, _)| *slow == target) {
        at.deadline_ms = *deadline_ms;
    }
    if let Some((_, max_bytes)) = LARGE_ANSWERS.iter().find(|(large, _)| *large == target) {
        at.max_response_bytes = *max_bytes;
    }
    at
}

/// The database role of a service.
pub fn role_of(service: &str) -> String {
    format!("mcsp_{service}")
}

/// The environment variable with the password of a service's role.
pub fn postgres_password_variable(service: &str) -> String {
    format!("MCSP_POSTGRES_PASSWORD_{}", shouted(service))
}

/// The environment variable with the base URL of a target of calls.
pub fn service_url_variable(target: &str) -> String {
    format!("MCSP_SERVICE_URL_{}", shouted(target))
}

/// The environment variable with the networks, separated by spaces, that a target may be in beside the public internet.
pub fn service_networks_variable(target: &str) -> String {
    format!("MCSP_SERVICE_NETWORKS_{}", shouted(target))
}

fn shouted(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
