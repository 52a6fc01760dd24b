//! Statements, transactions and migrations, on a Postgres of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests may fail as tests do"
)]

mod migrations;
mod query;
#[path = "../support/mod.rs"]
mod support;
mod transact;
