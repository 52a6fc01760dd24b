//! Access tokens (RFC 9068), the keys that sign and verify them, roles and permissions.
//!
//! Pure: no clock, no randomness, no I/O. A token is verified inside the function that receives it, against
//! the published keys, without a call.

mod claims;
mod jws;
mod keys;
mod permission;

pub use claims::{Claims, Refusal, issue, verify};
pub use keys::{InvalidKey, KeySet, SigningKey, SigningKeys};
pub use permission::{Permission, Role};
