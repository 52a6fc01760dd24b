//! `mcsp:bridge/limits`: how often one user or one network may ask, counted in the memory of the process.
//!
//! A [`Limiter`] is what a process has once. [`Limiter::component`] gives what a component's calls go to. Taking
//! a request does no I/O, takes one lock that hardly anybody else wants, and forgets nothing that matters:
//! memory is bounded, and what is evicted is whoever has asked the least.

mod client;
mod config;
mod gcra;
mod table;

pub use client::{ComponentLimits, LimitCounts, Limiter};
pub use config::{LimitTable, Rate, Rates, RatesOverride};
