//! The admin face: what is loaded and what it costs, for people and for Prometheus. It has no
//! authentication and so listens on loopback or a Unix socket only.

mod metrics;
mod server;

pub(crate) use server::{Face, Server};

use serde_json::Value;

/// What another part of the process shows on the admin face.
pub trait Extension: Send + Sync + 'static {
    /// Appends its metrics in the Prometheus text format.
    fn metrics(&self, _out: &mut String) {}

    /// Answers a path that the runner does not know, such as `/breakers`.
    fn page(&self, _path: &str) -> Option<Value> {
        None
    }

    /// Why the process should get no requests at the moment, where that is so.
    fn not_ready(&self) -> Option<String> {
        None
    }
}
