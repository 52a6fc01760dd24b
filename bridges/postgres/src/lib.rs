//! The Postgres capability: reads, and transactions that commit rows and events together.
//!
//! One [`Postgres`] belongs to one service (its login role, its schema, its pool) and to one thread's
//! runtime: nothing in it is shared between services, so none can take another's connections.

mod arguments;
mod cells;
mod client;
mod config;
mod connections;
mod error;
pub mod migrations;
mod statements;
mod transaction;
mod wake;

pub use client::{Counts, Postgres};
pub use config::PostgresConfig;
pub use error::ConfigError;
pub use transaction::{MAX_EVENTS, MAX_STATEMENTS};
pub use wake::OutboxWake;

pub use cells::{MAX_ANSWER_BYTES, MAX_ANSWER_ROWS};
