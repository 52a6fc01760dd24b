//! The thresholds of a guard: their names, ranges and defaults.
//!
//! Names and meanings are those of resilience4j. Defaults are too, except where its defaults, made for
//! calls between services, are absurd in front of a store; each exception gives its reason.

use serde::{Deserialize, Serialize};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// A percentage from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// A percentage outside of 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a percentage is a whole number from 1 to 100")]
pub struct NotAPercentage;

impl TryFrom<u8> for Percent {
    type Error = NotAPercentage;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if (1..=100).contains(&value) { Ok(Percent(value)) } else { Err(NotAPercentage) }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl Percent {
    /// Whether `part` of `whole` is at least this share.
    pub(crate) fn is_reached_by(self, part: u32, whole: u32) -> bool {
        whole > 0 && u64::from(part) * 100 >= u64::from(whole) * u64::from(self.0)
    }
}

/// Which past calls the rates are computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlidingWindow {
    /// The last so many calls.
    Calls(NonZeroU32),
    /// The calls of the last so many seconds.
    Seconds(NonZeroU32),
}

/// Declares a policy together with its override, in which every field may be left out.
macro_rules! policy {
    ($(#[$meta:meta])* $policy:ident / $override:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $policy {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        #[doc = concat!("What differs from another [`", stringify!($policy), "`].")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $override {
            $(
                #[doc = concat!("Replaces [`", stringify!($policy), "::", stringify!($field), "`].")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl $override {
            fn over(&self, base: $policy) -> $policy {
                $policy { $($field: self.$field.unwrap_or(base.$field),)* }
            }
        }
    };
}

policy! {
    /// When the circuit breaker opens, and how it closes again.
    BreakerPolicy / BreakerOverride {
        /// Opens at this share of failed calls in the window.
        failure_rate_threshold_percent: Percent,
        /// Opens at this share of slow calls in the window.
        slow_call_rate_threshold_percent: Percent,
        /// A call that takes this long is slow, whatever its result.
        slow_call_duration_threshold_ms: u64,
        /// Probes that decide, in the half-open state, between open and closed.
        permitted_calls_in_half_open: NonZeroU32,
        /// Which calls count.
        sliding_window: SlidingWindow,
        /// Fewer calls than this in the window decide nothing.
        minimum_calls: NonZeroU32,
        /// Time in the open state until the first probe.
        wait_duration_in_open_ms: u64,
        /// Time in the half-open state after which the breaker opens again; 0 for no limit.
        max_wait_duration_in_half_open_ms: u64,
    }
}

policy! {
    /// How much of the target one caller may use at once.
    BulkheadPolicy / BulkheadOverride {
        /// Calls in flight.
        max_concurrent_calls: NonZeroUsize,
        /// Calls that wait for a place; further ones are turned away at once.
        max_waiting_calls: usize,
        /// How long a call waits for a place.
        max_wait_ms: u64,
    }
}

policy! {
    /// How idempotent calls are repeated.
    RetryPolicy / RetryOverride {
        /// Attempts of one call, the first included; 1 for no retries.
        max_attempts: NonZeroU32,
        /// Retries that idempotent calls earn, as a share of their number.
        budget_percent: Percent,
        /// Retries that can be saved up, and that a new guard begins with.
        budget_reserve: u32,
        /// Upper bound of the wait before the first retry; doubles with each. The wait itself is drawn
        /// evenly between 0 and the bound, so that callers do not come back in step.
        backoff_base_ms: u64,
        /// Upper bound of any wait.
        backoff_max_ms: u64,
    }
}

/// Everything that a guard can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Circuit breaker.
    pub breaker: BreakerPolicy,
    /// Bulkhead.
    pub bulkhead: BulkheadPolicy,
    /// Retries.
    pub retry: RetryPolicy,
}

/// What differs from another [`Policy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyOverride {
    /// Circuit breaker.
    pub breaker: BreakerOverride,
    /// Bulkhead.
    pub bulkhead: BulkheadOverride,
    /// Retries.
    pub retry: RetryOverride,
}

impl PolicyOverride {
    /// This over `base`.
    pub fn over(&self, base: Policy) -> Policy {
        Policy {
            breaker: self.breaker.over(base.breaker),
            bulkhead: self.bulkhead.over(base.bulkhead),
            retry: self.retry.over(base.retry),
        }
    }
}

const fn nonzero(value: u32) -> NonZeroU32 {
    match NonZeroU32::new(value) {
        Some(value) => value,
        None => NonZeroU32::MIN,
    }
}

impl BreakerPolicy {
    /// The defaults of resilience4j's `CircuitBreakerConfig`.
    pub const RESILIENCE4J: BreakerPolicy = BreakerPolicy {
        failure_rate_threshold_percent: Percent(50),
        slow_call_rate_threshold_percent: Percent(100),
        slow_call_duration_threshold_ms: 60_000,
        permitted_calls_in_half_open: nonzero(10),
        sliding_window: SlidingWindow::Calls(nonzero(100)),
        minimum_calls: nonzero(100),
        wait_duration_in_open_ms: 60_000,
        max_wait_duration_in_half_open_ms: 0,
    };

    /// Calls below which the window decides nothing. A window of calls never holds more than its size.
    pub(crate) fn deciding_calls(&self) -> u32 {
        match self.sliding_window {
            SlidingWindow::Calls(size) => self.minimum_calls.min(size).get(),
            SlidingWindow::Seconds(_) => self.minimum_calls.get(),
        }
    }

    pub(crate) fn wait_in_open(&self) -> Duration {
        Duration::from_millis(self.wait_duration_in_open_ms)
    }

    pub(crate) fn slow_call(&self) -> Duration {
        Duration::from_millis(self.slow_call_duration_threshold_ms)
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        BreakerPolicy {
            // A store answers in milliseconds and calls carry deadlines of seconds: nothing would ever
            // take 60 s, so the slow-call rate would never open the breaker.
            slow_call_duration_threshold_ms: 1_000,
            // A service with a few requests a second would run into 100 timeouts before the first refusal.
            minimum_calls: nonzero(20),
            // A store that restarts is back in seconds, and ten probes cost next to nothing: refusing
            // for a minute would make the outage longer than its cause.
            wait_duration_in_open_ms: 5_000,
            ..Self::RESILIENCE4J
        }
    }
}

impl Default for BulkheadPolicy {
    fn default() -> Self {
        BulkheadPolicy {
            // resilience4j has 25, counted in blocked threads; calls here cost a future.
            max_concurrent_calls: NonZeroUsize::MIN.saturating_add(63),
            max_waiting_calls: 256,
            // resilience4j does not wait. Calls last a few milliseconds, so a wait turns a burst of some
            // hundred requests into latency instead of errors; a call's deadline bounds it all the same.
            max_wait_ms: 2_000,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        // resilience4j has no budget; share and reserve are those of finagle and linkerd.
        RetryPolicy {
            max_attempts: nonzero(3),
            budget_percent: Percent(20),
            budget_reserve: 10,
            backoff_base_ms: 10,
            backoff_max_ms: 250,
        }
    }
}
