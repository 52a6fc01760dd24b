//! The services capability: HTTP calls to services and third parties, by name; and to addresses of clients, each of which
//! has a guard of its own.
//!
//! One [`Transport`] for each worker thread, all with one [`ResponseCache`]; a [`Services`] for each caller.

mod cache;
mod client;
mod config;
mod error;
mod flights;
mod freshness;
mod message;
mod outside;
mod target;
mod transport;

pub use cache::ResponseCache;
pub use client::Services;
pub use config::{ANYWHERE, CacheConfig, ServicesConfig, TargetConfig};
pub use error::{InvalidTarget, ServicesError};
pub use transport::Transport;
