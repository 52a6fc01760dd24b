//! Content on a database of its own: its components' routers, run natively.
#![cfg(not(target_arch = "wasm32"))]

mod images;
pub mod samples;
mod stand;

pub use images::{ImageStand, Loaded};
pub use stand::Stand;
