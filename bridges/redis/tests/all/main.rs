//! Pipelines and outages, on a Redis of their own.

#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

mod outages;
mod pipelines;
mod support;
