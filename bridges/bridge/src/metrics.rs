//! What the bridge shows: Prometheus metrics, and the guards as JSON.

use crate::{Background, Bridges};
use mcsp_guard::GuardSnapshot;
use mcsp_kafka::ConsumerCounts;
use mcsp_limits::LimitCounts;
use mcsp_memory::Usage;
use mcsp_timers::TimerCounts;
use mcsp_traces::TraceCounts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// A metric's name, type and help, and how its value is read.
type Family<T> = (&'static str, &'static str, &'static str, fn(&T) -> f64);

/// What the bridge shows of itself.
pub struct Pages {
    bridges: Arc<Bridges>,
    background: OnceLock<Arc<Background>>,
}

impl Pages {
    /// Shows the guards.
    pub fn new(bridges: Arc<Bridges>) -> Self {
        Pages { bridges, background: OnceLock::new() }
    }

    /// Shows relays and consumers too, which start after the functions that they deliver to.
    pub fn show(&self, background: Arc<Background>) {
        // A second one would be a second set of consumers: the first stays.
        let _was_empty = self.background.set(background);
    }

    /// `/breakers`: every guard with its state, rates and counts, ordered by caller, target and place. Places are hosts that
    /// people have named: this is for operators alone.
    pub fn breakers(&self) -> Value {
        serde_json::to_value(self.bridges.guards().snapshot()).unwrap_or_default()
    }

    /// Appends all metrics in the Prometheus text format.
    pub fn metrics(&self, out: &mut String) {
        guard_metrics(out, &self.bridges.guards().snapshot_by_target());
        limit_metrics(out, &self.bridges.limiter.counts());
        memory_metrics(out, &self.bridges.memories.usage());
        trace_metrics(out, &self.bridges.tracer.counts());
        if let Some(background) = self.background.get() {
            event_metrics(out, background);
        }
    }
}

fn event_metrics(out: &mut String, background: &Background) {
    let relays = background.relays();
    family(out, "mcsp_outbox_waiting", "gauge", "Events committed and not yet published.");
    for (service, counts) in &relays {
        line(out, "mcsp_outbox_waiting", &[("service", service)], counts.waiting as f64);
    }
    family(out, "mcsp_outbox_published_total", "counter", "Events published from the outbox.");
    for (service, counts) in &relays {
        line(out, "mcsp_outbox_published_total", &[("service", service)], counts.published_total as f64);
    }
    let name = "mcsp_outbox_oldest_age_seconds";
    family(out, name, "gauge", "How long the oldest of them has waited.");
    for (service, counts) in &relays {
        line(out, name, &[("service", service)], counts.oldest_age_ms as f64 / 1_000.0);
    }
    let timers = background.timers();
    let values: [Family<TimerCounts>; 3] = [
        ("mcsp_timers_done_total", "counter", "Timers taken.", |t| t.done_total as f64),
        ("mcsp_timers_retried_total", "counter", "Deliveries of timers tried again.", |t| {
            t.retried_total as f64
        }),
        ("mcsp_timers_refused_total", "counter", "Timers given up.", |t| t.refused_total as f64),
    ];
    for (name, kind, help, value) in values {
        family(out, name, kind, help);
        for (service, counts) in &timers {
            line(out, name, &[("service", service)], value(counts));
        }
    }
    let consumers = background.consumers();
    let values: [Family<ConsumerCounts>; 4] = [
        ("mcsp_consumer_lag", "gauge", "Events published and not yet taken.", |c| c.lag as f64),
        ("mcsp_consumer_done_total", "counter", "Events taken.", |c| c.done_total as f64),
        ("mcsp_consumer_retried_total", "counter", "Deliveries tried again.", |c| c.retried_total as f64),
        ("mcsp_dead_letters_total", "counter", "Events given up.", |c| c.dead_total as f64),
    ];
    for (name, kind, help, value) in values {
        family(out, name, kind, help);
        for (component, counts) in &consumers {
            line(out, name, &[("component", component)], value(counts));
        }
    }
}

fn guard_metrics(out: &mut String, guards: &[GuardSnapshot]) {
    let values: [Family<GuardSnapshot>; 6] = [
        (
            "mcsp_breaker_open",
            "gauge",
            "1 while the breaker is open, 0.5 while it is half-open.",
            |g| match g.state {
                mcsp_guard::State::Open => 1.0,
                mcsp_guard::State::HalfOpen => 0.5,
                mcsp_guard::State::Closed => 0.0,
            },
        ),
        ("mcsp_breaker_trips_total", "counter", "How often the breaker opened.", |g| g.trips_total as f64),
        ("mcsp_breaker_rejected_total", "counter", "Calls that an open breaker refused.", |g| {
            g.rejected_by_breaker_total as f64
        }),
        ("mcsp_bulkhead_in_flight", "gauge", "Calls under way.", |g| g.in_flight as f64),
        ("mcsp_bulkhead_rejected_total", "counter", "Calls that found the bulkhead full.", |g| {
            g.rejected_by_bulkhead_total as f64
        }),
        ("mcsp_deadline_exceeded_total", "counter", "Calls that took too long.", |g| {
            g.deadlines_exceeded_total as f64
        }),
    ];
    for (name, kind, help, value) in values {
        family(out, name, kind, help);
        for guard in guards {
            line(out, name, &[("caller", &guard.caller), ("target", &guard.target)], value(guard));
        }
    }
}

fn limit_metrics(out: &mut String, counts: &LimitCounts) {
    let name = "mcsp_rate_limited_total";
    family(out, name, "counter", "Requests over the rate limit: refused, where limits are enforced.");
    for (component, (users, addresses)) in &counts.over {
        line(out, name, &[("component", component), ("by", "user")], *users as f64);
        line(out, name, &[("component", component), ("by", "address")], *addresses as f64);
    }
    let name = "mcsp_rate_limit_evictions_total";
    family(out, name, "counter", "Users, addresses and proofs whose requests were forgotten too early.");
    line(out, name, &[], counts.evicted as f64);
}

fn memory_metrics(out: &mut String, usage: &BTreeMap<String, Usage>) {
    let values: [Family<Usage>; 5] = [
        ("mcsp_memory_copies", "gauge", "Copies of what stores have, in the bridge's memory.", |u| {
            u.copies as f64
        }),
        ("mcsp_memory_copy_bytes", "gauge", "Their size.", |u| u.copy_bytes as f64),
        ("mcsp_memory_held", "gauge", "What no store could take yet, in the bridge's memory.", |u| {
            u.held as f64
        }),
        ("mcsp_memory_held_bytes", "gauge", "Its size.", |u| u.held_bytes as f64),
        ("mcsp_memory_refused_total", "counter", "What could not be held for want of room.", |u| {
            u.refused_total as f64
        }),
    ];
    for (name, kind, help, value) in values {
        family(out, name, kind, help);
        for (service, usage) in usage {
            line(out, name, &[("service", service)], value(usage));
        }
    }
}

/// How the spans of a process fare.
pub fn trace_metrics(out: &mut String, counts: &TraceCounts) {
    let name = "mcsp_spans_exported_total";
    family(out, name, "counter", "Spans that the collector of traces has taken.");
    line(out, name, &[], counts.exported_total as f64);
    let name = "mcsp_spans_dropped_total";
    family(
        out,
        name,
        "counter",
        "Spans that were lost: the queue was full, or the collector did not take them.",
    );
    line(out, name, &[("reason", "queue_full")], counts.overflowed_total as f64);
    line(out, name, &[("reason", "not_taken")], counts.failed_total as f64);
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Label values are names from the manifest, which need no escaping.
fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BridgeConfig;
    use mcsp_manifest::Manifest;

    #[test]
    fn a_host_that_is_called_is_shown_with_its_breaker_and_in_no_metric() {
        let manifest = Manifest {
            name: "test".to_owned(),
            version: "1".to_owned(),
            variables: BTreeMap::new(),
            routes: Vec::new(),
            components: BTreeMap::new(),
        };
        let bridges = Bridges::new(Arc::new(manifest), BridgeConfig::default()).unwrap();
        bridges.guards().guard_at("upload", "services-sources", "files.example");
        let pages = Pages::new(bridges);
        let mut metrics = String::new();
        pages.metrics(&mut metrics);
        let line = "mcsp_bulkhead_in_flight{caller=\"upload\",target=\"services-sources\"} 0";
        assert_eq!(metrics.lines().filter(|found| *found == line).count(), 1, "{metrics}");
        assert!(!metrics.contains("files.example"), "{metrics}");
        let breakers = pages.breakers();
        assert_eq!((&breakers[0]["place"], &breakers[1]["place"]), (&Value::Null, &"files.example".into()));
        assert_eq!(breakers[1]["target"], "services-sources");
    }
}
