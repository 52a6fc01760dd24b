//! Names that no other test has, and the stores that all tests share.

use mcsp_ids::{Entity, Id};
use uuid::Uuid;

/// A name that nothing else has: tests share Redis and the object store.
pub fn unique() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A new id of any kind.
pub fn new_id<E: Entity>() -> Id<E> {
    Id::from_uuid(Uuid::now_v7())
}

/// Where `scripts/test` started a store: the value of `MCSP_TEST_REDIS_URL` and the like.
pub fn store_url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run scripts/test"))
}
