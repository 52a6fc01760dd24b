//! What is limited, by what it is counted, and what is left of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_function::{ClientAddress, RateLimit};
use sha2::{Digest, Sha256};

/// How often something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whose it is, such as `auth`. Its keys begin with `<service>:<operation>:`, which the component must be granted.
    pub service: &'static str,
    /// What is tried, such as `sign-in`.
    pub operation: &'static str,
    /// What it is counted by, such as `address`. The name of the policy in the headers.
    pub name: &'static str,
    /// Attempts without delay.
    pub free_attempts: u32,
    /// In which one attempt is forgotten.
    pub forget_ms: u32,
    /// No wait is longer.
    pub delay_max_ms: u32,
    /// Whether its state is told to those whom it does not refuse, too.
    pub is_told: bool,
}

/// A policy for one account, or for one network.
#[derive(Clone, Debug)]
pub struct Limit {
    pub(crate) policy: Policy,
    pub(crate) key: String,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) wait_ms: u64,
    pub(crate) remaining: u64,
    pub(crate) reset_ms: u64,
}

impl Limit {
    /// A limit for whatever the text names. Addresses, of mail and of machines, stand in Redis as digests
    /// only.
    pub fn new(policy: Policy, limited: &str) -> Self {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(limited.as_bytes()));
        let Policy { service, operation, name, .. } = policy;
        Limit { policy, key: format!("{service}:{operation}:{name}:{digest}") }
    }

    /// A limit for the network that a request comes from. All whose address the host does not tell share one.
    pub fn of_network(policy: Policy, address: ClientAddress) -> Self {
        let network = address.network().map_or_else(|| "unknown".to_owned(), |network| network.to_string());
        Self::new(policy, &network)
    }
}

impl Quota {
    /// As clients are told.
    pub(crate) fn told(self, policy: &Policy) -> RateLimit {
        let Policy { name, free_attempts, forget_ms, .. } = *policy;
        RateLimit {
            policy: name,
            quota: free_attempts,
            window_ms: u64::from(free_attempts) * u64::from(forget_ms),
            remaining: self.remaining,
            reset_ms: self.wait_ms.max(self.reset_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        service: "auth",
        operation: "sign-in",
        name: "account",
        free_attempts: 20,
        forget_ms: 600_000,
        delay_max_ms: 900_000,
        is_told: false,
    };

    #[test]
    fn keys_hold_no_address() {
        let Limit { key, .. } = Limit::new(POLICY, "ada@example.com");
        assert!(key.starts_with("auth:sign-in:account:"));
        assert!(!key.contains("ada") && !key.contains('@'), "{key}");
        assert_ne!(key, Limit::new(Policy { operation: "register", ..POLICY }, "ada@example.com").key);
    }

    #[test]
    fn a_limit_is_told_with_its_window_and_the_longer_wait() {
        let quota = Quota { wait_ms: 1_500, remaining: 0, reset_ms: 600 };
        let told = quota.told(&POLICY);
        assert_eq!((told.policy, told.quota, told.window_ms), ("account", 20, 12_000_000));
        assert_eq!((told.remaining, told.reset_ms), (0, 1_500));
    }
}
