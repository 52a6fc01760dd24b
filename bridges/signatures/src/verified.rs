//! Signatures that were found right. An access token comes with every request of its bearer, and to look it up
//! takes a hundredth of the time that it takes to check it.
//!
//! What is remembered is a digest of key, signature and message together: nothing else has the same. What is
//! wrong is not remembered, so it can displace nothing.

use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;

/// Of each of two generations, on each thread: about half a megabyte together.
const MAX_REMEMBERED: usize = 4_096;

thread_local! {
    static VERIFIED: RefCell<Verified> = RefCell::default();
}

/// A check by its whole input.
pub(crate) type Check = [u8; 32];

/// Names a check.
pub(crate) fn check(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Check {
    // Key and signature have fixed lengths, so no two inputs run together to the same.
    Sha256::new().chain_update(public_key).chain_update(signature).chain_update(message).finalize().into()
}

/// Whether the check is passed: now, or before.
pub(crate) fn once(check: Check, is_right: impl FnOnce() -> bool) -> bool {
    if VERIFIED.with_borrow_mut(|verified| verified.has(&check)) {
        return true;
    }
    let right = is_right();
    if right {
        VERIFIED.with_borrow_mut(|verified| verified.add(check));
    }
    right
}

/// What is used stays: it moves to the newer generation before the older one is dropped.
#[derive(Default)]
struct Verified {
    newer: BTreeSet<Check>,
    older: BTreeSet<Check>,
}

impl Verified {
    fn has(&mut self, check: &Check) -> bool {
        if self.newer.contains(check) {
            return true;
        }
        let had = self.older.contains(check);
        if had {
            self.add(*check);
        }
        had
    }

    fn add(&mut self, check: Check) {
        if self.newer.len() >= MAX_REMEMBERED {
            self.older = mem::take(&mut self.newer);
        }
        self.newer.insert(check);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: usize) -> Check {
        let mut check = [0; 32];
        check[..8].copy_from_slice(&number.to_le_bytes());
        check
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_used_goes() {
        let mut verified = Verified::default();
        for number in 0..10 * MAX_REMEMBERED {
            verified.add(numbered(number));
            assert!(verified.has(&numbered(0)), "{number}");
            assert!(verified.newer.len() + verified.older.len() <= 2 * MAX_REMEMBERED);
        }
        assert!(!verified.has(&numbered(1)));
        assert!(verified.has(&numbered(10 * MAX_REMEMBERED - 1)));
    }

    #[test]
    fn no_two_inputs_are_one_check() {
        let of = |key: u8, message: &[u8], signature: u8| check(&[key; 32], message, &[signature; 64]);
        let checks = [of(1, b"m", 1), of(2, b"m", 1), of(1, b"n", 1), of(1, b"m", 2), of(1, b"", 1)];
        assert_eq!(checks.iter().collect::<BTreeSet<_>>().len(), checks.len());
    }
}
