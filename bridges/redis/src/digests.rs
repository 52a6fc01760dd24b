//! How Redis names scripts: by the SHA-1 of their source, in hexadecimal.

use std::sync::{Arc, Mutex, PoisonError};

/// A caller has a handful. One that makes its scripts up as it goes has them hashed each time.
const MAX_REMEMBERED: usize = 32;

/// The digests of a caller's scripts. To compare a source with those that were seen takes a hundredth of the time
/// that it takes to hash it.
#[derive(Debug, Default)]
pub(crate) struct Digests(Mutex<Vec<(String, Arc<str>)>>);

impl Digests {
    pub fn of(&self, source: &str) -> Arc<str> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, digest)) = remembered.iter().find(|(seen, _)| seen == source) {
            return Arc::clone(digest);
        }
        let digest: Arc<str> = redis::Script::new(source).get_hash().into();
        if remembered.len() < MAX_REMEMBERED {
            remembered.push((source.to_owned(), Arc::clone(&digest)));
        }
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_its_own_digest_whether_or_not_it_was_seen_before() {
        let digests = Digests::default();
        for round in 0..2 {
            for n in 0..2 * MAX_REMEMBERED {
                let source = format!("return {n}");
                assert_eq!(*digests.of(&source), *redis::Script::new(&source).get_hash(), "{round} {n}");
            }
        }
        assert_eq!(digests.0.lock().unwrap().len(), MAX_REMEMBERED);
    }
}
