//! The passwords capability: argon2id behind a bulkhead.
