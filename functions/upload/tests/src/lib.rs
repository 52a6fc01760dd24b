//! Upload on a database of its own and the object store that `scripts/test` started: its components' routers,
//! run natively.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test that called it"
)]

mod catalog;
mod source;
mod stand;

pub use source::{Has, Source};
pub use stand::{Creator, Stand};
