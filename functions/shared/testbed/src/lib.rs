//! What a service's components are tested on: their routers, run natively with the variables and grants of
//! `spin.toml`, over the real bridge and the stores that `scripts/test` started.
//!
//! ```ignore
//! let bed = Testbed::new("content", Setup::default()).await;
//! let videos = bed.component("content-videos", content_videos::router);
//! let bearer = bed.bearer(new_id(), Role::Creator);
//! let reply = videos.send(("GET", "/v1/videos"), &[("authorization", &bearer)], None).await;
//! assert_eq!(reply.status, 200, "{}", reply.json);
//! ```
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what fails here fails the test that called it"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "real stores compare with the real time, and names must be unique"
)]

mod clock;
mod component;
mod database;
mod issuer;
mod locks;
mod memory_clock;
mod names;
mod plans;
mod port;
mod proof_key;
mod rows;
mod stand_in;
mod testbed;

pub use component::{Component, MakeRouter, Reply};
pub use locks::Held;
pub use names::{new_id, store_url, unique};
pub use plans::Plan;
pub use proof_key::ProofKey;
pub use rows::Emitted;
pub use stand_in::serve;
pub use testbed::{BRIDGE_TOKEN, CONTENT_KEY_SEEDS, LICENCE_TOKEN_KEYS, Setup, Testbed, VIDEO_ACCESS_KEYS};
