//! Circuit breaker, bulkhead, deadline and retry budget around every call: one implementation for all
//! capabilities.
//!
//! ```
//! # async fn example() -> Result<(), mcsp_bridge_api::Failure> {
//! use mcsp_bridge_api::Failure;
//! use mcsp_guard::{CallKind, GuardRegistry, PolicyTable, Verdict};
//! use std::time::Duration;
//!
//! let registry = GuardRegistry::new(PolicyTable::default());
//! let guard = registry.guard("playback", "redis");
//! let kind = CallKind { idempotent: true, deadline: Duration::from_secs(1) };
//! let classify = |result: &Result<u32, std::io::Error>| match result {
//!     Ok(_) => Verdict::Success,
//!     Err(_) => Verdict::Failure,
//! };
//! let answer = guard
//!     .call(kind, classify, || async { Ok(42) })
//!     .await
//!     .map_err(|error| error.into_failure(|_io| Failure::Unreachable))?;
//! assert_eq!(answer, 42);
//! # Ok(())
//! # }
//! ```

mod breaker;
mod bulkhead;
mod clock;
mod guard;
mod machine;
mod policy;
mod registry;
mod retry;
mod snapshot;
mod table;
mod window;

pub use breaker::{BreakerOpen, Verdict};
pub use bulkhead::BulkheadFull;
pub use clock::{Clock, MonotonicClock};
pub use guard::{CallKind, Guard, GuardError};
pub use machine::State;
pub use policy::{
    BreakerOverride, BreakerPolicy, BulkheadOverride, BulkheadPolicy, NotAPercentage, Percent, Policy,
    PolicyOverride, RetryOverride, RetryPolicy, SlidingWindow,
};
pub use registry::GuardRegistry;
pub use snapshot::GuardSnapshot;
pub use table::PolicyTable;
