//! The thresholds of breakers, bulkheads, retries and rate limits, from a file that may change while the process runs.

use crate::Bridges;
use crate::config::{SOURCES, SOURCES_DEADLINE_MS};
use mcsp_guard::{BreakerOverride, PolicyOverride, PolicyTable};
use mcsp_limits::LimitTable;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the file is looked at. A mounted ConfigMap sends no signal, so looking is what works anywhere.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Policies as an operator writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// Of all guards.
    pub defaults: PolicyOverride,
    /// Of guards, by target.
    pub targets: BTreeMap<String, PolicyOverride>,
    /// Of guards, by caller, then target.
    pub callers: BTreeMap<String, BTreeMap<String, PolicyOverride>>,
    /// How often one may ask.
    pub limits: LimitTable,
}

impl Policies {
    /// Those of the guards.
    pub(crate) fn guards(&self) -> PolicyTable {
        PolicyTable {
            defaults: self.defaults,
            targets: self.targets.clone(),
            callers: self.callers.clone(),
            built_in: built_in(),
        }
    }
}

/// What holds of targets where operators say nothing of them. Files come from their sources as fast as the way there is: of
/// these a slow call is one that takes all of its time, which is a failure too, so that being slow alone opens no breaker.
fn built_in() -> BTreeMap<String, PolicyOverride> {
    let breaker = BreakerOverride {
        slow_call_duration_threshold_ms: Some(u64::from(SOURCES_DEADLINE_MS)),
        ..BreakerOverride::default()
    };
    BTreeMap::from([(format!("services-{SOURCES}"), PolicyOverride { breaker, ..PolicyOverride::default() })])
}

/// Why the policies cannot be used. Those in force stay.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The file cannot be read.
    #[error("cannot read the policies in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a table of policies.
    #[error("the policies in {} are not right", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

/// Reads policies (TOML).
pub fn load_policies(path: &Path) -> Result<Policies, PoliciesError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| PoliciesError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| PoliciesError::Parse { path: path.to_owned(), source: Box::new(source) })
}

/// Puts each new content of the file in force. Runs until it is dropped.
pub async fn watch_policies(path: PathBuf, bridges: Arc<Bridges>) {
    let mut in_force = std::fs::read(&path).ok();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let content = std::fs::read(&path).ok();
        if content.is_none() || content == in_force {
            continue;
        }
        in_force = content;
        match load_policies(&path) {
            Ok(policies) => {
                bridges.reload(policies);
                tracing::info!(path = %path.display(), "policies reloaded");
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "policies not reloaded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_and_limits_stand_in_one_file() {
        let text = "[callers.playback.redis.breaker]\nminimum_calls = 7\n\
                    [limits.defaults]\nuser = { per_minute = 5, burst = 6 }";
        let policies: Policies = toml::from_str(text).unwrap();
        assert_eq!(policies.guards().policy("playback", "redis").breaker.minimum_calls.get(), 7);
        assert_eq!(policies.limits.defaults.user.unwrap().burst.get(), 6);
        assert!(toml::from_str::<Policies>("[limit]").is_err());
    }

    #[test]
    fn a_source_may_be_slow_up_to_its_deadline_where_operators_do_not_say_otherwise() {
        let slow_call_ms = |text: &str, target: &str| {
            let policies: Policies = toml::from_str(text).unwrap();
            policies.guards().policy("upload", target).breaker.slow_call_duration_threshold_ms
        };
        let deadline_ms = u64::from(crate::target_at("sources", crate::ANYWHERE.to_owned()).deadline_ms);
        let of_all = "[defaults.breaker]\nslow_call_duration_threshold_ms = 500";
        for text in ["", of_all] {
            assert_eq!(slow_call_ms(text, "services-sources"), deadline_ms, "{text}");
        }
        for text in [
            "[targets.services-sources.breaker]\nslow_call_duration_threshold_ms = 700",
            "[callers.upload.services-sources.breaker]\nslow_call_duration_threshold_ms = 700",
        ] {
            assert_eq!(slow_call_ms(text, "services-sources"), 700, "{text}");
        }
        assert_eq!((slow_call_ms("", "services-clients"), slow_call_ms(of_all, "redis")), (1_000, 500));
    }
}
