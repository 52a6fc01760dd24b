//! Content on a database of its own: its components' routers, run natively.
#![cfg(not(target_arch = "wasm32"))]

pub mod samples;
mod stand;

pub use stand::Stand;
