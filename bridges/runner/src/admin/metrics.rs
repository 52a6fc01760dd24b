//! Counters in the Prometheus text format.

use crate::grpc::Status;
use crate::requests::{BOUNDS_MS, CLASSES, RouteReport};
use crate::stats::{Account, FunctionReport, FunctionState};
use std::fmt::Write;

struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&FunctionReport) -> f64,
}

const METRICS: [Metric; 12] = [
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
        name: "mcsp_function_memory_byte_seconds_total",
        kind: "counter",
        help: "Linear memory for as long as it was held",
        value: |r| r.memory_kib_s as f64 * 1024.0,
    },
    Metric {
        name: "mcsp_function_active_seconds_total",
        kind: "counter",
        help: "Time in which there was an instance",
        value: |r| r.active_ms as f64 / 1000.0,
    },
    Metric {
        name: "mcsp_function_sent_bytes_total",
        kind: "counter",
        help: "Bytes of answers' bodies",
        value: |r| r.sent_bytes as f64,
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

const REQUESTS: &str = "mcsp_http_requests_total";
const GRPC: &str = "mcsp_grpc_requests_total";
const DURATION: &str = "mcsp_http_request_duration_seconds";

/// What requests were, by route. One that nobody has asked for is not shown: it would be twenty lines of nothing.
pub(super) fn write_routes(accounts: &[Account], out: &mut String) {
    let mut asked: Vec<(String, RouteReport)> = Vec::new();
    for account in accounts {
        let (component, service) = (&account.component, account.service.as_deref().unwrap_or_default());
        let reports = account.routes.iter().map(|route| (&route.route, route.report()));
        asked.extend(reports.filter(|(_, report)| report.count() > 0).map(|(route, report)| {
            (format!("component=\"{component}\",service=\"{service}\",route=\"{route}\""), report)
        }));
    }
    // Writing to a string cannot fail.
    let _ =
        writeln!(out, "# HELP {REQUESTS} Requests, by the class of their status.\n# TYPE {REQUESTS} counter");
    for (labels, report) in &asked {
        for (class, count) in CLASSES.iter().zip(report.by_class) {
            let _ = writeln!(out, "{REQUESTS}{{{labels},status_class=\"{class}\"}} {count}");
        }
    }
    let _ = writeln!(out, "# HELP {GRPC} Calls of gRPC among them, by their status.\n# TYPE {GRPC} counter");
    for (labels, report) in &asked {
        // A method has two or three of the seventeen.
        for (status, count) in Status::all().zip(report.by_grpc_status).filter(|(_, count)| *count > 0) {
            let _ = writeln!(out, "{GRPC}{{{labels},grpc_status=\"{}\"}} {count}", status.name());
        }
    }
    let _ = writeln!(out, "# HELP {DURATION} Time to the whole answer.\n# TYPE {DURATION} histogram");
    for (labels, report) in &asked {
        for (bound_ms, count) in BOUNDS_MS.iter().zip(report.within) {
            let bound_s = *bound_ms as f64 / 1_000.0;
            let _ = writeln!(out, "{DURATION}_bucket{{{labels},le=\"{bound_s}\"}} {count}");
        }
        let (count, total_s) = (report.count(), report.total_s);
        let _ = writeln!(out, "{DURATION}_bucket{{{labels},le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{DURATION}_sum{{{labels}}} {total_s}\n{DURATION}_count{{{labels}}} {count}");
    }
}

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
