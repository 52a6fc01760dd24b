//! `mcsp:bridge/memory`: what a service wants to find again when its stores can't tell.
//!
//! A [`Memories`] for the process, with a store for each service; a [`Memory`] for each component, with its grant.
//! Copies make room for newer ones and run out; what is held stays until it is taken back.

mod client;
mod config;
mod error;
mod held;
mod store;

pub use client::{Memories, Memory};
pub use config::MemoryConfig;
pub use error::MemoryError;
pub use store::Usage;
