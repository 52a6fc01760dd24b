//! What a guard shows of itself, for metrics and the admin route.

use crate::breaker::BreakerView;
use crate::bulkhead::BulkheadView;
use crate::machine::State;
use crate::retry::RetriesView;
use serde::Serialize;

/// A guard at one moment. Names that end in `_total` only grow; the others are gauges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GuardSnapshot {
    /// Who calls.
    pub caller: String,
    /// What is called.
    pub target: String,
    /// Which of the places that the target stands for; none where it is one itself, and for what places share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The breaker's state.
    pub state: State,
    /// Calls that the state rests on: in the window; when half-open, of the probes; when open, those that
    /// opened it.
    pub calls: u32,
    /// Of `calls`, the failed ones.
    pub failures: u32,
    /// Of `calls`, the slow ones.
    pub slow_calls: u32,
    /// `failures` as a share of `calls`, 0 to 100.
    pub failure_rate_percent: f64,
    /// `slow_calls` as a share of `calls`, 0 to 100.
    pub slow_call_rate_percent: f64,
    /// Times the breaker opened.
    pub trips_total: u64,
    /// Calls that the breaker refused.
    pub rejected_by_breaker_total: u64,
    /// Calls that the bulkhead refused.
    pub rejected_by_bulkhead_total: u64,
    /// Calls that ran out of time after they were sent.
    pub deadlines_exceeded_total: u64,
    /// Retries made.
    pub retries_total: u64,
    /// Retries not made because the budget was spent.
    pub retries_refused_total: u64,
    /// Retries that the budget holds.
    pub retry_budget_left: u64,
    /// Calls in flight.
    pub in_flight: usize,
    /// Calls that wait for a place.
    pub waiting: usize,
    /// The bulkhead's size.
    pub max_concurrent_calls: usize,
}

impl GuardSnapshot {
    pub(crate) fn new(
        (caller, target, place): (&str, &str, Option<&str>),
        breaker: BreakerView,
        bulkhead: BulkheadView,
        retries: RetriesView,
        deadlines_exceeded_total: u64,
    ) -> Self {
        let tally = breaker.tally;
        GuardSnapshot {
            caller: caller.to_owned(),
            target: target.to_owned(),
            place: place.map(str::to_owned),
            state: breaker.state,
            calls: tally.calls,
            failures: tally.failures,
            slow_calls: tally.slow,
            failure_rate_percent: share_percent(tally.failures, tally.calls),
            slow_call_rate_percent: share_percent(tally.slow, tally.calls),
            trips_total: breaker.trips,
            rejected_by_breaker_total: breaker.refusals,
            rejected_by_bulkhead_total: bulkhead.refusals,
            deadlines_exceeded_total,
            retries_total: retries.made,
            retries_refused_total: retries.refused,
            retry_budget_left: retries.budget_left,
            in_flight: bulkhead.in_flight,
            waiting: bulkhead.waiting,
            max_concurrent_calls: bulkhead.max_concurrent_calls,
        }
    }

    /// Adds what another guard has counted, and what is under way there.
    pub(crate) fn count(&mut self, other: &GuardSnapshot) {
        self.trips_total += other.trips_total;
        self.rejected_by_breaker_total += other.rejected_by_breaker_total;
        self.rejected_by_bulkhead_total += other.rejected_by_bulkhead_total;
        self.deadlines_exceeded_total += other.deadlines_exceeded_total;
        self.retries_total += other.retries_total;
        self.retries_refused_total += other.retries_refused_total;
        self.in_flight += other.in_flight;
        self.waiting += other.waiting;
    }
}

fn share_percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) * 100.0 / f64::from(whole) }
}
