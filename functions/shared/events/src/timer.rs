//! Events for later: timers, committed with the rows that they concern.

use crate::made::{source_of, type_of};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::sql;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::EventId;
use mcsp_problem::Problem;
use serde::Serialize;
use std::fmt::Display;

/// What a component of the same service is to be told, and when.
#[derive(Clone, Copy, Debug)]
pub struct Timer<'a, K, D> {
    /// The component: `auth-erasure`. `timers = true` stands in its grants.
    pub component: &'a str,
    /// The service: `auth`.
    pub service: &'a str,
    /// `account.erasure_due`: becomes the type `mcsp.auth.account.erasure_due.v1`.
    pub happened: &'a str,
    /// What it is about. A component has one timer for each key: another one moves it.
    pub key: K,
    /// When.
    pub due_at: Timestamp,
    /// What it says.
    pub data: D,
}

/// Sets a timer, or moves it. From its time on the event is delivered as others are: at least once, until it is
/// taken. What it is about may have changed by then, so its consumer looks first.
pub fn set_timer<K: Display, D: Serialize>(
    context: &Context,
    trace: &TraceParent,
    timer: Timer<'_, K, D>,
) -> GuardedStatement {
    let Timer { component, service, happened, key, due_at, data } = timer;
    let id: EventId = context.new_id();
    sql("INSERT INTO timers (event_id, component, key, type, source, traceparent, data, due_at, ready_at, \
             tracestate) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) \
         ON CONFLICT (component, key) DO UPDATE SET event_id = excluded.event_id, type = excluded.type, \
             traceparent = excluded.traceparent, data = excluded.data, due_at = excluded.due_at, \
             ready_at = excluded.ready_at, deliveries = 0, refused = NULL, \
             tracestate = excluded.tracestate")
    .bind(id.to_string())
    .bind(component)
    .bind(key.to_string())
    .bind(type_of(service, happened))
    .bind(source_of(service))
    .bind(trace.to_string())
    // Plain structs with string keys: serialization has nothing to fail at.
    .bind(serde_json::to_value(&data).unwrap_or_default())
    .bind(due_at)
    .bind(trace.state().map(str::to_owned))
    .expecting(1)
}

/// 409, so that it comes again: the clock of the database, which timers go by, is ahead of ours.
pub fn too_early(title: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_early", title)
}

/// Takes a timer back, where there is one. A delivery that is under way is not stopped.
pub fn cancel_timer(component: &str, key: impl Display) -> GuardedStatement {
    sql("DELETE FROM timers WHERE component = $1 AND key = $2")
        .bind(component)
        .bind(key.to_string())
        .unguarded()
}
