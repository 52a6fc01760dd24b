//! Publishing and consuming, on a Kafka of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests may fail as tests do"
)]

mod consume;
mod publish;
#[path = "../support/mod.rs"]
mod support;
mod waiting;
