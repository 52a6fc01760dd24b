//! Delivers the events of a service's timers when they are due, as Kafka's are delivered: at least once, until
//! they are taken.
//!
//! A timer is a row, committed by a function with the rows that it concerns. Whoever claims a due row delivers
//! it; if that process dies, the claim ends and another one does. So any number of these may run for a service, and
//! after an outage all that became due in it is delivered.

mod config;
mod error;
mod meter;
mod table;
mod timers;

pub use config::TimersConfig;
pub use error::TimersError;
pub use meter::{TimerCounts, TimersMeter};
pub use table::TOPIC;
pub use timers::Timers;
