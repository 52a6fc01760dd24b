//! Whose timers, and how eagerly they are looked at.

use mcsp_postgres::PostgresConfig;

/// The timers of one service.
#[derive(Clone, Debug)]
pub struct TimersConfig {
    /// The service's role and schema. One connection is held.
    pub postgres: PostgresConfig,
    /// The components whose timers are delivered.
    pub components: Vec<String>,
    /// How often due timers are looked for: a timer is late by as much at most.
    pub poll_interval_ms: u64,
    /// Timers that are delivered at once.
    pub batch: u32,
    /// Time for one delivery.
    pub delivery_timeout_ms: u64,
    /// How long a claim holds: longer than a delivery may take. After it another process delivers.
    pub claim_ms: u64,
    /// Upper bound of the wait after a first failed delivery; doubles with each.
    pub first_wait_ms: u64,
    /// Upper bound of any wait.
    pub max_wait_ms: u64,
    /// How long a stop waits for deliveries under way.
    pub drain_timeout_ms: u64,
}

impl TimersConfig {
    /// A configuration with the default limits.
    pub fn new(postgres: PostgresConfig, components: Vec<String>) -> Self {
        TimersConfig {
            postgres,
            components,
            poll_interval_ms: 1_000,
            batch: 16,
            delivery_timeout_ms: 30_000,
            claim_ms: 60_000,
            first_wait_ms: 1_000,
            max_wait_ms: 5 * 60 * 1_000,
            drain_timeout_ms: 10_000,
        }
    }
}
