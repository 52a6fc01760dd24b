//! The relay from a service's outbox table to Kafka: at least once, in order per key, woken at commit.
//!
//! Several relays of one service may run at once, in one process or in many.

mod batch;
mod config;
mod error;
mod meter;
mod relay;
mod table;

pub use config::RelayConfig;
pub use error::RelayError;
pub use meter::{RelayCounts, RelayMeter};
pub use relay::Relay;
