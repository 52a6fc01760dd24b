//! One caller's access to the hashing threads.

use crate::error::PasswordError;
use crate::pool::HashingPool;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::passwords::Verdict;
use mcsp_guard::{CallKind, Guard};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// `mcsp:bridge/passwords` for one caller.
#[derive(Clone, Debug)]
pub struct Passwords {
    pool: Arc<HashingPool>,
    guard: Arc<Guard>,
}

impl Passwords {
    /// `guard` is the one between the caller and the target `passwords`.
    pub fn new(pool: Arc<HashingPool>, guard: Arc<Guard>) -> Self {
        Passwords { pool, guard }
    }

    /// Hashes a password to a PHC string. The password is cleared from memory afterwards.
    pub async fn hash(&self, password: String) -> Result<String, Failure> {
        let password = Once::new(Zeroizing::new(password));
        let attempt = || async { self.pool.hash(password.take()?).await };
        let result = self.guard.call(self.kind(), classify, attempt).await;
        result.map_err(|error| error.into_failure(Failure::from))
    }

    /// Checks a password; without a hash the same work for nothing, and `wrong`.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        let input = Once::new((Zeroizing::new(password), phc));
        let attempt = || async {
            let (password, phc) = input.take()?;
            self.pool.verify(password, phc).await
        };
        let result = self.guard.call(self.kind(), classify, attempt).await;
        result.map_err(|error| error.into_failure(Failure::from))
    }

    /// Not repeated: what was too much once is too much again.
    fn kind(&self) -> CallKind {
        CallKind { idempotent: false, deadline: self.pool.deadline() }
    }
}

/// An input that a single attempt takes, so that there is never a second copy of a password.
struct Once<T>(Mutex<Option<T>>);

impl<T> Once<T> {
    fn new(value: T) -> Self {
        Once(Mutex::new(Some(value)))
    }

    fn take(&self) -> Result<T, PasswordError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(PasswordError::Unavailable)
    }
}

fn classify<T>(result: &Result<T, PasswordError>) -> mcsp_guard::Verdict {
    match result {
        Ok(_) | Err(PasswordError::PasswordTooLong | PasswordError::MalformedHash) => {
            mcsp_guard::Verdict::Success
        }
        // Work is waiting, but it is being done.
        Err(PasswordError::QueueFull) => mcsp_guard::Verdict::Ignored,
        Err(PasswordError::Unavailable) => mcsp_guard::Verdict::Failure,
    }
}
