//! `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header-07): the first answer, again.
//!
//! A key is claimed before the work and completed in the same transaction as its effect, so that the effect
//! and the remembered answer exist together or not at all. A claim that is never completed (the function
//! was killed) is free again after [`CLAIM_MAX`].

mod claim;
mod key;
mod parts;

pub use claim::{Answer, CLAIM_MAX, Claim, KEPT_FOR, once};
pub use key::{IdempotencyKey, RequiredIdempotencyKey};
