//! The passwords capability: argon2id behind a bulkhead.
//!
//! One [`HashingPool`] for the process; a [`Passwords`] for each caller, with the caller's guard.

mod client;
mod config;
mod error;
mod giving_way;
mod hashing;
mod pool;
mod priority;
mod queue;

pub use client::Passwords;
pub use config::{InvalidConfig, PasswordsConfig};
pub use error::PasswordError;
pub use hashing::MAX_PASSWORD_BYTES;
pub use pool::{HashingPool, StartError};
