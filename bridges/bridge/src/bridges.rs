//! What a process has once.

use crate::config::BridgeConfig;
use crate::policies::Policies;
use mcsp_guard::{GuardRegistry, MonotonicClock};
use mcsp_kafka::{KafkaFault, Producer};
use mcsp_limits::Limiter;
use mcsp_manifest::Manifest;
use mcsp_memory::Memories;
use mcsp_passwords::HashingPool;
use mcsp_postgres::OutboxWake;
use mcsp_services::ResponseCache;
use mcsp_traces::Tracer;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a process has once: guards, limits, memories, the Kafka producer, hashing threads, and the bells of the outboxes.
pub struct Bridges {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) config: BridgeConfig,
    pub(crate) guards: Arc<GuardRegistry>,
    pub(crate) limiter: Limiter,
    pub(crate) memories: Memories,
    pub(crate) producer: Option<Producer>,
    pub(crate) hashing: Option<Arc<HashingPool>>,
    pub(crate) answers: Arc<ResponseCache>,
    /// The age of answers is told by one clock on all threads.
    pub(crate) clock: Arc<MonotonicClock>,
    pub(crate) tracer: Tracer,
    wakes: BTreeMap<String, OutboxWake>,
}

/// Why the bridge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Kafka client cannot be made.
    #[error("cannot make the Kafka client")]
    Kafka(#[from] KafkaFault),
    /// The hashing threads cannot be started.
    #[error("cannot start the hashing threads")]
    Passwords(#[from] mcsp_passwords::StartError),
    /// Postgres cannot be used as it is configured.
    #[error("cannot use Postgres")]
    Postgres(#[from] mcsp_postgres::ConfigError),
    /// Redis cannot be used as it is configured.
    #[error("cannot use Redis")]
    Redis(#[from] mcsp_redis::InvalidUrl),
    /// A target of calls cannot be used as it is configured.
    #[error("cannot use a target of calls")]
    Services(#[from] mcsp_services::InvalidTarget),
    /// The thread that sends traces cannot be started.
    #[error("cannot start the thread of the traces")]
    Traces(#[source] std::io::Error),
}

impl Bridges {
    /// Connects to nothing yet: stores may come up later.
    pub fn new(manifest: Arc<Manifest>, config: BridgeConfig) -> Result<Arc<Self>, StartError> {
        Self::with_memories(manifest, config, Memories::default())
    }

    /// The same with memories of the caller's.
    pub fn with_memories(
        manifest: Arc<Manifest>,
        config: BridgeConfig,
        memories: Memories,
    ) -> Result<Arc<Self>, StartError> {
        let producer = config.kafka.as_ref().map(Producer::new).transpose()?;
        let hashes = manifest.components.values().any(|component| component.settings.grants.passwords);
        let hashing = if hashes { Some(Arc::new(HashingPool::start(&config.passwords)?)) } else { None };
        let wakes = manifest.services().into_iter().map(|name| (name.to_owned(), OutboxWake::default()));
        Ok(Arc::new(Bridges {
            guards: Arc::new(GuardRegistry::new(config.policies.guards())),
            limiter: Limiter::new(config.policies.limits.clone()),
            memories,
            wakes: wakes.collect(),
            answers: Arc::new(ResponseCache::new(config.services.cache)),
            clock: Arc::new(MonotonicClock::default()),
            tracer: Tracer::start(config.traces.clone()).map_err(StartError::Traces)?,
            manifest,
            config,
            producer,
            hashing,
        }))
    }

    /// All guards of the process.
    pub fn guards(&self) -> &GuardRegistry {
        &self.guards
    }

    /// Where the process' spans begin.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Puts new policies in force.
    pub fn reload(&self, policies: Policies) {
        self.guards.reload(policies.guards());
        self.limiter.reload(policies.limits);
    }

    /// The bell of a service's outbox.
    pub(crate) fn wake(&self, service: &str) -> OutboxWake {
        self.wakes.get(service).cloned().unwrap_or_default()
    }
}
