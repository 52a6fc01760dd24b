//! Whose outbox, and how eagerly it is relayed.

use mcsp_postgres::PostgresConfig;
use mcsp_traces::Tracer;

/// One service's relay.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The service's role and schema. The relay holds one connection of its own.
    pub postgres: PostgresConfig,
    /// How often the outbox is looked at when nobody rings: for what other processes committed.
    pub poll_interval_ms: u64,
    /// Events that are published and deleted together.
    pub batch_events: u32,
    /// How long a transaction stays open for Kafka's answer. Less than the service's statement timeout.
    pub publish_wait_ms: u64,
    /// How long a relay waits for another one to end its batch.
    pub lock_wait_ms: u64,
    /// How long a stop waits for the outbox to be empty.
    pub drain_timeout_ms: u64,
    /// Told of each event that is sent.
    pub tracer: Tracer,
}

impl RelayConfig {
    /// A configuration with the default limits.
    pub fn new(postgres: PostgresConfig) -> Self {
        RelayConfig {
            postgres,
            poll_interval_ms: 500,
            batch_events: 500,
            publish_wait_ms: 3_000,
            lock_wait_ms: 3_500,
            drain_timeout_ms: 5_000,
            tracer: Tracer::default(),
        }
    }
}
