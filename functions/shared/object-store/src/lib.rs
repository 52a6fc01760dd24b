//! The S3-compatible object store: URLs signed for clients (SigV4, AWS Signature Version 4), and calls of
//! its own through the bridge.
//!
//! Clients send their bytes to the store; only what tus sends passes through a function. Both kinds of request are authorized in their query, so that what
//! the bridge sends needs no more than the URL; the signature covers the host, which therefore must be the
//! same for clients and for the bridge's target `object-store`.

mod answers;
mod client;
mod configured;
mod error;
mod problem;
mod store;

pub use answers::{KeyList, ListedPart, PartList};
pub use client::{Client, Head, PARTS_PER_LIST};
pub use configured::configured;
pub use error::StoreError;
pub use problem::unavailable;
pub use store::{InvalidSettings, ObjectStore, Place, Settings, SignedRequest};
