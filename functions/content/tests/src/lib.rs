//! Content on a database of its own: its components' routers, run natively over the Postgres bridge.
#![cfg(not(target_arch = "wasm32"))]
// Names that must not collide between test runs, and tokens that are valid now.
#![allow(clippy::disallowed_methods)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bridge;
mod database;
pub mod requests;
mod stand;

pub use requests::Reply;
pub use stand::{BRIDGE_TOKEN, Stand};
