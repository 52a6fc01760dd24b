//! Counting an attempt, and taking it back.

use crate::policy::{Limit, Policy, Quota};
use http::{HeaderMap, StatusCode};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::{Operation, Reply, Script};
use mcsp_function::Context;
use mcsp_problem::Problem;

const ATTEMPT: &str = include_str!("attempt.lua");
const TAKE_BACK: &str = include_str!("take_back.lua");

/// Numbers that `attempt.lua` gives for each limit.
const NUMBERS_PER_LIMIT: usize = 3;

/// An attempt that has been counted by each of its limits.
#[derive(Debug)]
pub struct Attempt<const LIMITS: usize> {
    limits: [Limit; LIMITS],
    quotas: [Quota; LIMITS],
}

/// Why an attempt is not to be made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There were too many.
    #[error("too many attempts per {}", .0.policy.name)]
    TooMany(TooMany),
    /// Redis can't say.
    #[error("the limits are not available")]
    Unavailable(#[source] Failure),
}

/// The limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    policy: Policy,
    quota: Quota,
}

/// How it is told that there were too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The stable code.
    pub code: &'static str,
    /// For people.
    pub title: &'static str,
}

/// Too many guesses: at a password, a code, or a secret.
pub const TOO_MANY_ATTEMPTS: Told =
    Told { code: "too_many_attempts", title: "too many attempts failed: wait before the next" };

/// Counts an attempt, if all limits allow it now; otherwise none of them counts it.
pub async fn attempt<const LIMITS: usize>(
    context: &Context,
    limits: [Limit; LIMITS],
) -> Result<Attempt<LIMITS>, Refused> {
    let numbers = limits
        .iter()
        .flat_map(|Limit { policy, .. }| [policy.free_attempts, policy.forget_ms, policy.delay_max_ms]);
    let arguments = numbers.map(|number| number.to_string().into_bytes()).collect();
    let script = Script { source: ATTEMPT.to_owned(), keys: keys(&limits), arguments };
    let replies = context.bridge().pipeline(vec![Operation::RunScript(script)]).await;
    let replies = replies.map_err(Refused::Unavailable)?;
    let quotas: [Quota; LIMITS] = quotas(&replies).ok_or(Refused::Unavailable(Failure::Unreachable))?;
    for (Limit { policy, .. }, quota) in limits.iter().zip(quotas) {
        if quota.wait_ms > 0 {
            return Err(Refused::TooMany(TooMany { policy: *policy, quota }));
        }
    }
    Ok(Attempt { limits, quotas })
}

impl<const LIMITS: usize> Attempt<LIMITS> {
    /// Takes it back. Where that fails, the attempt is forgotten with time.
    pub async fn take_back(&self, context: &Context) {
        let script = Script { source: TAKE_BACK.to_owned(), keys: keys(&self.limits), arguments: Vec::new() };
        drop(context.bridge().pipeline(vec![Operation::RunScript(script)]).await);
    }

    /// `RateLimit` and `RateLimit-Policy` of the limits that are told.
    pub fn headers(&self) -> HeaderMap {
        let told = self.limits.iter().zip(self.quotas).filter(|(limit, _)| limit.policy.is_told);
        told.flat_map(|(limit, quota)| quota.told(&limit.policy).headers()).collect()
    }
}

impl Refused {
    /// For what nobody may do while nobody counts: 429 with the state of the limit, or that Redis can't say.
    pub fn into_problem(self, told: Told) -> Problem {
        match self {
            Refused::TooMany(too_many) => too_many.into_problem(told),
            Refused::Unavailable(failure) => failure.into(),
        }
    }
}

impl TooMany {
    /// 429 with the state of the limit and `Retry-After`.
    pub fn into_problem(self, told: Told) -> Problem {
        let TooMany { policy, quota } = self;
        let wait_s = u32::try_from(quota.wait_ms.div_ceil(1000)).unwrap_or(u32::MAX);
        let problem = told.problem(wait_s);
        quota.told(&policy).headers().fold(problem, |problem, (name, value)| problem.with_header(name, value))
    }
}

impl Told {
    fn problem(self, wait_s: u32) -> Problem {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, self.code, self.title).retry_after_s(wait_s)
    }
}

/// As any limit may be told, for the API reference.
impl From<Told> for Problem {
    fn from(told: Told) -> Self {
        told.problem(1)
    }
}

fn keys(limits: &[Limit]) -> Vec<String> {
    limits.iter().map(|limit| limit.key.clone()).collect()
}

/// Reads what `attempt.lua` gives, for one limit after the other.
fn quotas<const LIMITS: usize>(replies: &[Reply]) -> Option<[Quota; LIMITS]> {
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
    fn an_answer_of_another_shape_is_no_permission() {
        let array = |numbers: &[&str]| {
            vec![Reply::Array(numbers.iter().map(|n| Some(n.as_bytes().to_vec())).collect())]
        };
        assert!(quotas::<2>(&array(&["0", "19", "600000", "0", "199", "10000"])).is_some());
        for bad in [
            vec![],
            vec![Reply::Nil],
            vec![Reply::Error("NOSCRIPT".into())],
            array(&["0", "19", "600000"]),
            array(&["0", "19", "600000", "0", "199", "-1"]),
            vec![Reply::Array(vec![None; 6])],
        ] {
            assert_eq!(quotas::<2>(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let policy = Policy {
            service: "auth",
            operation: "register",
            name: "address",
            free_attempts: 600,
            forget_ms: 100,
            delay_max_ms: 60_000,
            is_told: true,
        };
        let quota = Quota { wait_ms: 1_500, remaining: 0, reset_ms: 60_000 };
        let told = Told { code: "too_many_registrations", title: "too many" };
        let problem = TooMany { policy, quota }.into_problem(told);
        assert_eq!((problem.status().as_u16(), problem.code()), (429, "too_many_registrations"));
        let response = axum::response::IntoResponse::into_response(problem);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["ratelimit"], "\"address\";r=0;t=60");
        assert_eq!(response.headers()["ratelimit-policy"], "\"address\";q=600;w=60");
    }
}
