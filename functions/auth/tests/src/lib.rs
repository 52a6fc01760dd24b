//! Auth on a database of its own and the Redis that `scripts/test` started: its components' routers, run
//! natively.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(
    clippy::disallowed_methods,
    reason = "real stores compare with the real time, and names must be unique"
)]

mod bridge;
mod database;
mod stand;

pub use stand::{Reply, Stand};
