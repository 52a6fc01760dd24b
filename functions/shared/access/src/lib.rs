//! Access tokens (RFC 9068), the keys that sign and verify them, proofs of the keys that they are bound to (RFC 9449), roles,
//! permissions and ages.
//!
//! Pure: no clock, no randomness, no I/O. A token is verified inside the function that receives it, against
//! the published keys, without a call.

mod age;
mod claims;
mod confirmation;
mod jws;
mod keys;
mod permission;
mod proof;
mod subject;

pub use age::{AGES, age_reached};
pub use claims::{Claims, FIRST_PARTY, Refusal, issue, issue_id_token, issue_logout_token, verify};
pub use confirmation::{Confirmation, is_thumbprint, token_type};
pub use keys::{InvalidKey, KeySet, SigningKey, public_jwk};
pub use permission::{Permission, Role};
pub use proof::{InvalidProof, PROOF_ALGORITHMS, Proof, ProvedRequest};
pub use subject::{Acr, Subject};
