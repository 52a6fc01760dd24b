//! The bridge over HTTP: the probe composed with the bridge adapter, before the real sidecar and real stores.
//! What it answers is held against the bridge within the runner.
//!
//! The components are built by `cargo build --target wasm32-wasip2 --release -p probe -p bridge-adapter`, as
//! `scripts/test` does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agreement;
mod composition;
mod concurrency;
mod events;
mod host;
mod outages;
mod outgoing;
mod probe;
mod refusals;
mod sidecar;
mod stage;
mod target;

#[path = "../../../kafka/tests/support/mod.rs"]
mod kafka;
#[path = "../../../postgres/tests/support/mod.rs"]
mod postgres;
