//! The keys that sign playback URLs and what players prove of their sessions: those of the configuration, and those that
//! were made since, which are stored sealed.

mod keyring;
mod keys;
mod secret;

pub use keyring::{Keyring, Ring, VARIABLES};
pub use keys::{Keys, Known, SIGNED_LIFE};
pub use secret::{UnusableKey, new_key};
