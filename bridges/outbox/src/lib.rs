//! The relay from a service's outbox table to Kafka: at least once, in order per key, woken at commit.
//!
//! An event that Kafka refuses holds up the later ones of its key and no others. Where Kafka refuses a topic,
//! or more keys of it than are kept in memory, that topic waits and no other.
//!
//! Several relays of one service may run at once, in one process or in many.

mod backoff;
mod batch;
mod config;
mod error;
mod held;
mod meter;
mod relay;
mod table;

pub use config::RelayConfig;
pub use error::RelayError;
pub use meter::{RelayCounts, RelayMeter};
pub use relay::Relay;
