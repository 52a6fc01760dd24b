//! The keys that sign access tokens: read from Postgres, opened, and kept by the instance for a moment.
//!
//! What is kept are the keys with their times, and which of them signs is decided anew for each token: an instance
//! needs not be told of a rotation, since it reads a new key long before its time comes.

mod key;
mod keyring;

pub use key::{UnusableKey, new_key};
pub use keyring::{SigningKeyring, VARIABLES};
