//! Which policy holds for which caller and target.

use crate::policy::{Policy, PolicyOverride};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Policies as an operator writes them, over those that are built in. What is more specific wins, field by field.
///
/// ```
/// let table: mcsp_guard::PolicyTable = toml::from_str(r#"
///     [defaults.breaker]
///     failure_rate_threshold_percent = 60
///
///     [targets.redis.bulkhead]
///     max_concurrent_calls = 128
///
///     [callers.playback.redis.breaker]
///     sliding_window = { seconds = 10 }
///     wait_duration_in_open_ms = 1000
/// "#).unwrap();
/// assert_eq!(table.policy("playback", "redis").bulkhead.max_concurrent_calls.get(), 128);
/// assert_eq!(table.policy("playback", "redis").breaker.wait_duration_in_open_ms, 1000);
/// assert_eq!(table.policy("content", "redis").breaker.wait_duration_in_open_ms, 5000);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyTable {
    /// For all guards.
    pub defaults: PolicyOverride,
    /// By target.
    pub targets: BTreeMap<String, PolicyOverride>,
    /// By caller, then target.
    pub callers: BTreeMap<String, BTreeMap<String, PolicyOverride>>,
    /// By target, what holds where the operator says nothing of it. It stands above `defaults`, which are not about it.
    #[serde(skip)]
    pub built_in: BTreeMap<String, PolicyOverride>,
}

impl PolicyTable {
    /// The policy of one guard.
    pub fn policy(&self, caller: &str, target: &str) -> Policy {
        let of_pair = self.callers.get(caller).and_then(|targets| targets.get(target));
        [Some(&self.defaults), self.built_in.get(target), self.targets.get(target), of_pair]
            .into_iter()
            .flatten()
            .fold(Policy::default(), |base, specific| specific.over(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_leaves_the_other_fields_alone() {
        let table: PolicyTable = toml::from_str("[targets.kafka.retry]\nmax_attempts = 1").unwrap();
        let policy = table.policy("any", "kafka");
        assert_eq!(policy.retry.max_attempts.get(), 1);
        assert_eq!(policy.retry.budget_percent, Policy::default().retry.budget_percent);
        assert_eq!(table.policy("any", "redis"), Policy::default());
    }

    #[test]
    fn what_is_built_in_stands_between_what_is_said_of_all_and_of_the_target() {
        let mut table: PolicyTable = toml::from_str(
            "[defaults.breaker]\nminimum_calls = 1\nwait_duration_in_open_ms = 1\n\
             [targets.kafka.breaker]\nminimum_calls = 3",
        )
        .unwrap();
        let built_in: PolicyTable = toml::from_str(
            "[targets.kafka.breaker]\nminimum_calls = 2\nwait_duration_in_open_ms = 2\n\
             [targets.redis.breaker]\nminimum_calls = 2",
        )
        .unwrap();
        table.built_in = built_in.targets;
        let breaker = |target: &str| {
            let breaker = table.policy("any", target).breaker;
            (breaker.minimum_calls.get(), breaker.wait_duration_in_open_ms)
        };
        assert_eq!((breaker("kafka"), breaker("redis"), breaker("postgres")), ((3, 2), (2, 1), (1, 1)));
        let written = "[built_in.kafka.breaker]\nminimum_calls = 1";
        assert!(toml::from_str::<PolicyTable>(written).is_err(), "it is not the operator's");
    }

    #[test]
    fn absurd_values_and_unknown_names_are_refused() {
        for text in [
            "[defaults.breaker]\nfailure_rate_threshold_percent = 0",
            "[defaults.breaker]\nfailure_rate_threshold_percent = 101",
            "[defaults.breaker]\nminimum_calls = 0",
            "[defaults.breaker]\nsliding_window = { calls = 0 }",
            "[defaults.breaker]\nsliding_window = { minutes = 1 }",
            "[defaults.bulkhead]\nmax_concurrent_calls = 0",
            "[defaults.breaker]\nfailure_rate_treshold_percent = 50",
            "[target.redis.breaker]\nminimum_calls = 1",
        ] {
            assert!(toml::from_str::<PolicyTable>(text).is_err(), "accepted: {text}");
        }
    }
}
