//! Calls of other services, over the wire.

#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

mod caching;
mod calls;
mod outside;
mod support;
