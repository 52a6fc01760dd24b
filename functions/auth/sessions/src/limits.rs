//! Sign-in limits, per account and per address, in Redis: whoever guesses waits longer and longer.
//!
//! An attempt counts when it begins, so that parallel guesses do not slip through, and is taken back when it
//! turns out not to be a wrong guess. Attempts are forgotten with time; beyond the free ones each doubles the
//! wait for the next, which in the long run makes a guess cost as long as forgetting it takes.

use auth_domain::Email;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::{Operation, Reply, Script};
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::Problem;
use sha2::{Digest, Sha256};

/// `RateLimit` and `RateLimit-Policy` (IETF draft-ietf-httpapi-ratelimit-headers-10).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const ATTEMPT: &str = include_str!("limits/attempt.lua");
const TAKE_BACK: &str = include_str!("limits/take_back.lua");

/// Numbers that `attempt.lua` gives for each limit.
const NUMBERS_PER_LIMIT: usize = 3;

/// How often one may guess.
pub(crate) struct Policy {
    name: &'static str,
    /// Attempts without delay.
    free_attempts: u32,
    /// In which one attempt is forgotten.
    forget_ms: u32,
    delay_max_ms: u32,
}

/// In the long run 144 guesses a day. Delays end soon enough that the owner can outwait a stranger's guesses.
const ACCOUNT: Policy =
    Policy { name: "account", free_attempts: 20, forget_ms: 10 * 60 * 1000, delay_max_ms: 15 * 60 * 1000 };
/// Wide, since a whole office or mobile network may stand behind an address.
const ADDRESS: Policy =
    Policy { name: "address", free_attempts: 200, forget_ms: 10 * 1000, delay_max_ms: 15 * 60 * 1000 };

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    wait_ms: u64,
    remaining: u64,
    reset_ms: u64,
}

/// An attempt that has been counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    keys: Vec<String>,
    by_address: Quota,
}

/// Why an attempt is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// Too many were wrong.
    #[error("too many attempts per {}", policy.name)]
    TooMany { policy: &'static Policy, quota: Quota },
    /// Redis can't say; then nobody may guess.
    #[error("the sign-in limits are not available")]
    Unavailable(Failure),
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Counts an attempt, if one may be made now.
pub(crate) async fn attempt(
    context: &Context,
    email: &Email,
    address: ClientAddress,
) -> Result<Attempt, Refused> {
    let keys = vec![key(&ACCOUNT, email.as_str()), key(&ADDRESS, &network(address))];
    let numbers = [&ACCOUNT, &ADDRESS]
        .into_iter()
        .flat_map(|policy| [policy.free_attempts, policy.forget_ms, policy.delay_max_ms]);
    let arguments = numbers.map(|number| number.to_string().into_bytes()).collect();
    let script = Script { source: ATTEMPT.to_owned(), keys: keys.clone(), arguments };
    let replies = context.bridge().pipeline(vec![Operation::RunScript(script)]).await;
    let replies = replies.map_err(Refused::Unavailable)?;
    let [by_account, by_address] = quotas(&replies).ok_or(Refused::Unavailable(Failure::Unreachable))?;
    for (policy, quota) in [(&ACCOUNT, by_account), (&ADDRESS, by_address)] {
        if quota.wait_ms > 0 {
            return Err(Refused::TooMany { policy, quota });
        }
    }
    Ok(Attempt { keys, by_address })
}

impl Attempt {
    /// Takes back what was no wrong guess. Where that fails, the attempt is forgotten with time.
    pub(crate) async fn take_back(&self, context: &Context) {
        let script = Script { source: TAKE_BACK.to_owned(), keys: self.keys.clone(), arguments: Vec::new() };
        drop(context.bridge().pipeline(vec![Operation::RunScript(script)]).await);
    }

    /// The state of the address's limit. That of the account is not told: it would show whether others try,
    /// and so whether the account is in use.
    pub(crate) fn headers(&self) -> HeaderMap {
        headers(&ADDRESS, self.by_address)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooMany { policy, quota } => {
                let problem = Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_attempts",
                    "too many attempts to sign in failed: wait before the next",
                );
                let wait_s = u32::try_from(quota.wait_ms.div_ceil(1000)).unwrap_or(u32::MAX);
                headers(policy, quota)
                    .into_iter()
                    .filter_map(|(name, value)| Some((name?, value)))
                    .fold(problem.retry_after_s(wait_s), |problem, (name, value)| {
                        problem.with_header(name, value)
                    })
            }
            Refused::Unavailable(failure) => failure.into(),
        }
    }
}

fn headers(policy: &Policy, quota: Quota) -> HeaderMap {
    let Policy { name, free_attempts, forget_ms, .. } = policy;
    let window_s = u64::from(*free_attempts) * u64::from(*forget_ms) / 1000;
    let reset_s = quota.wait_ms.max(quota.reset_ms).div_ceil(1000);
    [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={free_attempts};w={window_s}")),
        (RATE_LIMIT, format!("\"{name}\";r={};t={reset_s}", quota.remaining)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
    .collect()
}

/// Addresses, of mail and of machines, stand in Redis as digests only.
fn key(policy: &Policy, limited: &str) -> String {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(limited.as_bytes()));
    format!("auth:sign-in:{}:{digest}", policy.name)
}

/// All whose address the host does not tell share one limit.
fn network(address: ClientAddress) -> String {
    address.network().map_or_else(|| "unknown".to_owned(), |network| network.to_string())
}

/// Reads what `attempt.lua` gives: for the account, then for the address.
fn quotas(replies: &[Reply]) -> Option<[Quota; 2]> {
    let [Reply::Array(items)] = replies else { return None };
    let numbers: Vec<u64> = items
        .iter()
        .map(|item| std::str::from_utf8(item.as_deref()?).ok()?.parse().ok())
        .collect::<Option<_>>()?;
    let quotas: Vec<Quota> = numbers
        .chunks_exact(NUMBERS_PER_LIMIT)
        .filter_map(|numbers| match *numbers {
            [wait_ms, remaining, reset_ms] => Some(Quota { wait_ms, remaining, reset_ms }),
            _ => None,
        })
        .collect();
    quotas.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hold_no_address() {
        let email = Email::parse("ada@example.com").unwrap();
        let key = key(&ACCOUNT, email.as_str());
        assert!(key.starts_with("auth:sign-in:account:"));
        assert!(!key.contains("ada") && !key.contains('@'), "{key}");
    }

    #[test]
    fn an_answer_of_another_shape_is_no_permission() {
        let array = |numbers: &[&str]| {
            vec![Reply::Array(numbers.iter().map(|n| Some(n.as_bytes().to_vec())).collect())]
        };
        assert!(quotas(&array(&["0", "19", "600000", "0", "199", "10000"])).is_some());
        for bad in [
            vec![],
            vec![Reply::Nil],
            vec![Reply::Error("NOSCRIPT".into())],
            array(&["0", "19", "600000"]),
            array(&["0", "19", "600000", "0", "199", "-1"]),
            vec![Reply::Array(vec![None; 6])],
        ] {
            assert_eq!(quotas(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let quota = Quota { wait_ms: 1_500, remaining: 0, reset_ms: 12_000_000 };
        let headers = headers(&ACCOUNT, quota);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"account\";q=20;w=12000");
        assert_eq!(headers[RATE_LIMIT], "\"account\";r=0;t=12000");
        let problem = Problem::from(Refused::TooMany { policy: &ACCOUNT, quota });
        assert_eq!((problem.status().as_u16(), problem.code()), (429, "too_many_attempts"));
    }
}
