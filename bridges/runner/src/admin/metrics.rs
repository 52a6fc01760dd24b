//! Counters in the Prometheus text format.

use crate::stats::{FunctionReport, FunctionState};
use std::fmt::Write;

struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&FunctionReport) -> f64,
}

const METRICS: [Metric; 9] = [
    Metric {
        name: "mcsp_function_calls_total",
        kind: "counter",
        help: "Requests",
        value: |r| r.calls as f64,
    },
    Metric {
        name: "mcsp_function_errors_total",
        kind: "counter",
        help: "Requests that the runner answered in the function's place",
        value: |r| r.errors as f64,
    },
    Metric {
        name: "mcsp_function_cold_starts_total",
        kind: "counter",
        help: "Times that code was brought back for a request",
        value: |r| r.cold_starts as f64,
    },
    Metric {
        name: "mcsp_function_instances_started_total",
        kind: "counter",
        help: "Instances made",
        value: |r| r.instances_started as f64,
    },
    Metric {
        name: "mcsp_function_cpu_seconds_total",
        kind: "counter",
        help: "Time that the function computed",
        value: |r| r.cpu_ms as f64 / 1000.0,
    },
    Metric {
        name: "mcsp_function_in_flight",
        kind: "gauge",
        help: "Requests that are being served",
        value: |r| r.in_flight as f64,
    },
    Metric {
        name: "mcsp_function_instances",
        kind: "gauge",
        help: "Instances that there are",
        value: |r| r.instances as f64,
    },
    Metric {
        name: "mcsp_function_memory_bytes",
        kind: "gauge",
        help: "Linear memory of all instances",
        value: |r| r.memory_bytes as f64,
    },
    Metric {
        name: "mcsp_function_loaded",
        kind: "gauge",
        help: "1 where the function has code in memory",
        value: |r| if r.state == FunctionState::Dropped { 0.0 } else { 1.0 },
    },
];

pub(super) fn write(reports: &[FunctionReport], out: &mut String) {
    for Metric { name, kind, help, value } in METRICS {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        for report in reports {
            let service = report.service.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "{name}{{component=\"{}\",service=\"{service}\"}} {}",
                report.component,
                value(report)
            );
        }
    }
}
