//! How long to wait before the next try.

use std::time::Duration;

/// Upper bound of the wait after the first failure; doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// Upper bound of any wait.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Exponential, and somewhere between half of the bound and all of it, so that relays do not come back in
/// step.
pub(crate) fn wait_after(failures: u32) -> Duration {
    let bound = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(MAX_WAIT);
    bound.mul_f64(rand::random_range(0.5..=1.0))
}
