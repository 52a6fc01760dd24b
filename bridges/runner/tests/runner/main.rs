//! Components served end to end: real components, real sockets, real threads.
//!
//! They are built beforehand: `cargo build --target wasm32-wasip2 --release -p hello -p probe`, which
//! `scripts/test` does. `MCSP_TEST_WASM_DIR` names another directory that holds them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod bridge;
mod events;
mod fixture;
mod limits;
mod precompiled;
mod scaling;
mod serving;
mod stopping;
