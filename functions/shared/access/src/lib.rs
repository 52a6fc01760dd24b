//! Access tokens (RFC 9068), the keys that sign and verify them, roles and permissions.
//!
//! Pure: no clock, no randomness, no I/O. A token is verified inside the function that receives it, against
//! the published keys, without a call.

mod claims;
mod jws;
mod keys;
mod permission;
mod subject;

pub use claims::{Claims, FIRST_PARTY, Refusal, issue, issue_id_token, issue_logout_token, verify};
pub use keys::{InvalidKey, KeySet, SigningKey, public_jwk};
pub use permission::{Permission, Role};
pub use subject::{Acr, Subject};
