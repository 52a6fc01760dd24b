//! What every component has around its routes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod cors;
mod keys;
mod limits;
mod proofs;
