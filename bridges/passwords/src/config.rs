//! How passwords are hashed, and with how much of the machine.

use argon2::Params;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Parameters of argon2id and bounds of its threads. The memory in use is at most `memory_kib` for each thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordsConfig {
    /// Memory of one hash (RFC 9106 `m`).
    pub memory_kib: u32,
    /// Passes over the memory (RFC 9106 `t`).
    pub iterations: u32,
    /// Lanes (RFC 9106 `p`).
    pub parallelism: u32,
    /// Native threads that hash, one more for when they are stuck aside. None for half of the cores, rounded down, at
    /// least one.
    pub threads: Option<NonZeroUsize>,
    /// Calls that wait for a thread; further ones are `overloaded`.
    pub max_queued_calls_per_thread: NonZeroUsize,
    /// Time for a call, waiting included.
    pub deadline_ms: u32,
}

/// The least that OWASP's password storage cheat sheet asks for. Configuration can only raise it.
pub(crate) const MINIMUM_MEMORY_KIB: u32 = 19_456;
pub(crate) const MINIMUM_ITERATIONS: u32 = 2;
pub(crate) const MINIMUM_PARALLELISM: u32 = 1;

/// The most that is accepted, in configuration and in stored hashes: a hash must not be able to take the
/// machine.
pub(crate) const MAXIMUM_MEMORY_KIB: u32 = 262_144;
pub(crate) const MAXIMUM_ITERATIONS: u32 = 16;
pub(crate) const MAXIMUM_PARALLELISM: u32 = 16;

impl Default for PasswordsConfig {
    fn default() -> Self {
        PasswordsConfig {
            memory_kib: MINIMUM_MEMORY_KIB,
            iterations: MINIMUM_ITERATIONS,
            parallelism: MINIMUM_PARALLELISM,
            threads: None,
            // About 25 ms each: what waits longer than half a second is better told to come back.
            max_queued_calls_per_thread: NonZeroUsize::MIN.saturating_add(15),
            deadline_ms: 2_000,
        }
    }
}

/// A configuration that would hash too weakly, or take the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passwords: `{field}` must be from {least} to {most}")]
pub struct InvalidConfig {
    /// The field.
    pub field: &'static str,
    /// Its least value.
    pub least: u32,
    /// Its greatest value.
    pub most: u32,
}

impl PasswordsConfig {
    pub(crate) fn parameters(&self) -> Result<Params, InvalidConfig> {
        let memory = within("memory_kib", self.memory_kib, MINIMUM_MEMORY_KIB, MAXIMUM_MEMORY_KIB)?;
        let iterations = within("iterations", self.iterations, MINIMUM_ITERATIONS, MAXIMUM_ITERATIONS)?;
        let parallelism = within("parallelism", self.parallelism, MINIMUM_PARALLELISM, MAXIMUM_PARALLELISM)?;
        // The ranges lie within those of the algorithm, so that only the memory could be at fault here.
        Params::new(memory, iterations, parallelism, None).map_err(|_| InvalidConfig {
            field: "memory_kib",
            least: MINIMUM_MEMORY_KIB,
            most: MAXIMUM_MEMORY_KIB,
        })
    }

    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(|| {
            let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
            NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN)
        })
    }

    pub(crate) fn max_queued_calls(&self) -> usize {
        self.threads().get().saturating_mul(self.max_queued_calls_per_thread.get())
    }

    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(u64::from(self.deadline_ms))
    }
}

fn within(field: &'static str, value: u32, least: u32, most: u32) -> Result<u32, InvalidConfig> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(InvalidConfig { field, least, most }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_below_the_least_or_above_the_most_are_refused() {
        let good = PasswordsConfig::default();
        assert!(good.parameters().is_ok());
        for (bad, field) in [
            (PasswordsConfig { memory_kib: 19_455, ..good }, "memory_kib"),
            (PasswordsConfig { memory_kib: 262_145, ..good }, "memory_kib"),
            (PasswordsConfig { iterations: 1, ..good }, "iterations"),
            (PasswordsConfig { iterations: 17, ..good }, "iterations"),
            (PasswordsConfig { parallelism: 0, ..good }, "parallelism"),
        ] {
            assert_eq!(bad.parameters().unwrap_err().field, field);
        }
    }
}
