//! Auth on a database of its own and the Redis that `scripts/test` started: its components' routers, run
//! natively.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "what fails here fails the test that called it"
)]
#![allow(clippy::disallowed_methods, reason = "names must be unique")]

pub mod app;
pub mod authenticator;
pub mod browser;
mod mailbox;
mod receiver;
mod stand;

pub use mailbox::{Letter, Mailbox};
pub use mcsp_testbed::Reply;
pub use receiver::Receiver;
pub use stand::{Member, Stand, unused_address};
