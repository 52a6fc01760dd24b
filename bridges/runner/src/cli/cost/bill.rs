//! What was used, at prices. Pure: from the runner's report alone.

use clap::Args;
use mcsp_runner::FunctionReport;
use serde::Serialize;

const BYTES_PER_GIB: f64 = (1_u64 << 30) as f64;
const KIB_PER_GIB: f64 = (1_u64 << 20) as f64;
const SECONDS_PER_HOUR: f64 = 3_600.0;
/// Of thirty days.
const SECONDS_PER_MONTH: f64 = 30.0 * 24.0 * SECONDS_PER_HOUR;

/// In any currency.
#[derive(Args, Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Prices {
    /// Of a processor for an hour
    #[arg(long = "price-vcpu-hour", default_value_t = 0.04, value_parser = amount)]
    pub vcpu_hour: f64,
    /// Of a GiB of memory for an hour
    #[arg(long = "price-gib-hour", default_value_t = 0.005, value_parser = amount)]
    pub gib_hour: f64,
    /// Of a GiB that is sent
    #[arg(long = "price-egress-gib", default_value_t = 0.08, value_parser = amount)]
    pub egress_gib: f64,
    /// The part of a processor that is kept for an instance as long as it is there; its memory is the limit of its
    /// component in the manifest
    #[arg(long, default_value_t = 0.1, value_parser = amount)]
    pub instance_vcpu: f64,
}

fn amount(text: &str) -> Result<f64, String> {
    let amount: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    if amount.is_finite() && amount >= 0.0 { Ok(amount) } else { Err("must be 0 or more".to_owned()) }
}

/// What all functions have used, and what it costs.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Bill {
    pub prices: Prices,
    /// For how long the process has run: everything is since then.
    pub up_s: f64,
    pub components: Vec<Item>,
    pub total: Item,
}

/// One component, or all of them.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Item {
    pub component: String,
    pub requests: u64,
    pub used: Usage,
    /// None without requests.
    pub per_1000_requests: Option<Usage>,
    /// How much of the time there was an instance. None before any time has passed.
    pub active_percent: Option<f64>,
    pub monthly: Monthly,
    /// What dropping it saves of what an instance that is always there costs.
    pub saved_percent: Option<f64>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Usage {
    pub cpu_ms: f64,
    pub memory_gib_s: f64,
    pub sent_bytes: f64,
    /// Of these three, at the prices.
    pub cost: f64,
}

/// What one instance of the configured size costs in thirty days that are as those since the start, without what it sends:
/// that is the same either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Monthly {
    /// If it is always there.
    pub always_on: f64,
    /// If it is there only while the function is active.
    pub dropped: f64,
}

impl Bill {
    pub(super) fn new(prices: Prices, reports: Vec<FunctionReport>) -> Self {
        let up_ms = reports.iter().map(|report| report.up_ms).max().unwrap_or(0);
        let components: Vec<Item> = reports.iter().map(|report| Item::of(&prices, report)).collect();
        let total = Item::total(&components);
        Bill { prices, up_s: up_ms as f64 / 1_000.0, components, total }
    }
}

impl Item {
    fn of(prices: &Prices, report: &FunctionReport) -> Self {
        let used = Usage::of(prices, report);
        let active = share(report.active_ms as f64, report.up_ms as f64);
        let always_on = SECONDS_PER_MONTH / SECONDS_PER_HOUR
            * (prices.instance_vcpu * prices.vcpu_hour
                + report.memory_limit_bytes as f64 / BYTES_PER_GIB * prices.gib_hour);
        let monthly = Monthly { always_on, dropped: always_on * active.unwrap_or(1.0) };
        Item {
            component: report.component.clone(),
            requests: report.calls,
            per_1000_requests: used.per_1000(report.calls),
            used,
            active_percent: active.map(|active| active * 100.0),
            saved_percent: active.and_then(|_| monthly.saved_percent()),
            monthly,
        }
    }

    fn total(items: &[Item]) -> Self {
        let sum = |value: fn(&Item) -> f64| items.iter().map(value).sum::<f64>();
        let used = Usage {
            cpu_ms: sum(|item| item.used.cpu_ms),
            memory_gib_s: sum(|item| item.used.memory_gib_s),
            sent_bytes: sum(|item| item.used.sent_bytes),
            cost: sum(|item| item.used.cost),
        };
        let requests = items.iter().map(|item| item.requests).sum();
        let monthly = Monthly {
            always_on: sum(|item| item.monthly.always_on),
            dropped: sum(|item| item.monthly.dropped),
        };
        let is_known = items.iter().any(|item| item.active_percent.is_some());
        Item {
            component: "all".to_owned(),
            requests,
            used,
            per_1000_requests: used.per_1000(requests),
            active_percent: None,
            saved_percent: monthly.saved_percent().filter(|_| is_known),
            monthly,
        }
    }
}

impl Usage {
    fn of(prices: &Prices, report: &FunctionReport) -> Self {
        let (cpu_ms, sent_bytes) = (report.cpu_ms as f64, report.sent_bytes as f64);
        let memory_gib_s = report.memory_kib_s as f64 / KIB_PER_GIB;
        let cost = cpu_ms / 1_000.0 / SECONDS_PER_HOUR * prices.vcpu_hour
            + memory_gib_s / SECONDS_PER_HOUR * prices.gib_hour
            + sent_bytes / BYTES_PER_GIB * prices.egress_gib;
        Usage { cpu_ms, memory_gib_s, sent_bytes, cost }
    }

    fn per_1000(&self, requests: u64) -> Option<Usage> {
        let each = |value: f64| value * 1_000.0 / requests as f64;
        (requests > 0).then(|| Usage {
            cpu_ms: each(self.cpu_ms),
            memory_gib_s: each(self.memory_gib_s),
            sent_bytes: each(self.sent_bytes),
            cost: each(self.cost),
        })
    }
}

impl Monthly {
    fn saved_percent(&self) -> Option<f64> {
        share(self.dropped, self.always_on).map(|kept| (1.0 - kept) * 100.0)
    }
}

/// No more than all: what is read while it changes may be a moment older.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcsp_runner::FunctionState;

    const PRICES: Prices = Prices { vcpu_hour: 3.6, gib_hour: 0.36, egress_gib: 2.0, instance_vcpu: 0.5 };

    fn report(component: &str) -> FunctionReport {
        FunctionReport {
            component: component.to_owned(),
            service: None,
            state: FunctionState::Dropped,
            pinned: 0,
            instances: 0,
            in_flight: 0,
            calls: 2_000,
            errors: 0,
            cold_starts: 1,
            instances_started: 16,
            cpu_ms: 500,
            memory_bytes: 0,
            memory_peak_bytes: 0,
            memory_limit_bytes: 1 << 29,
            memory_kib_s: 10 << 20,
            sent_bytes: 1 << 30,
            up_ms: 100_000,
            active_ms: 25_000,
        }
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn what_was_used_costs_what_the_prices_say() {
        let bill = Bill::new(PRICES, vec![report("a")]);
        let item = &bill.components[0];
        // Half a second of a processor, ten GiB seconds, one GiB.
        assert!(close(item.used.cost, 0.5 * 0.001 + 10.0 * 0.0001 + 2.0), "{item:?}");
        let each = item.per_1000_requests.unwrap();
        assert!(
            close(each.cpu_ms, 250.0)
                && close(each.memory_gib_s, 5.0)
                && close(each.cost, item.used.cost / 2.0)
        );
        assert_eq!(bill.up_s, 100.0);
    }

    #[test]
    fn what_is_saved_is_the_time_without_an_instance() {
        let item = Bill::new(PRICES, vec![report("a")]).components.remove(0);
        // Half a processor and half a GiB, for 720 hours.
        assert!(close(item.monthly.always_on, 720.0 * (0.5 * 3.6 + 0.5 * 0.36)));
        assert!(close(item.monthly.dropped, item.monthly.always_on / 4.0));
        assert_eq!((item.active_percent, item.saved_percent), (Some(25.0), Some(75.0)));
        let pinned = FunctionReport { active_ms: 100_001, ..report("a") };
        let item = Bill::new(PRICES, vec![pinned]).components.remove(0);
        assert_eq!((item.active_percent, item.saved_percent), (Some(100.0), Some(0.0)));
    }

    #[test]
    fn without_requests_there_is_no_cost_of_one() {
        let idle = FunctionReport {
            calls: 0,
            cpu_ms: 0,
            memory_kib_s: 0,
            sent_bytes: 0,
            active_ms: 0,
            ..report("a")
        };
        let bill = Bill::new(PRICES, vec![idle]);
        for item in [&bill.components[0], &bill.total] {
            assert_eq!((item.used, item.per_1000_requests), (Usage::default(), None));
            assert_eq!(item.saved_percent, Some(100.0));
        }
    }

    #[test]
    fn right_after_a_start_nothing_is_known_of_what_is_saved() {
        let fresh = FunctionReport { up_ms: 0, active_ms: 0, ..report("a") };
        let bill = Bill::new(PRICES, vec![fresh]);
        for item in [&bill.components[0], &bill.total] {
            assert_eq!((item.active_percent, item.saved_percent), (None, None));
            assert!(close(item.monthly.dropped, item.monthly.always_on));
        }
        let none = Bill::new(PRICES, Vec::new());
        assert_eq!((none.total.requests, none.total.saved_percent, none.up_s), (0, None, 0.0));
    }

    #[test]
    fn the_total_is_of_all_and_its_requests_weigh_what_they_are() {
        let other = FunctionReport { calls: 0, active_ms: 100_000, ..report("b") };
        let bill = Bill::new(PRICES, vec![report("a"), other]);
        assert_eq!(bill.total.requests, 2_000);
        assert!(close(bill.total.per_1000_requests.unwrap().cpu_ms, 500.0));
        assert!(close(bill.total.saved_percent.unwrap(), 37.5));
        let document = serde_json::to_value(&bill).unwrap();
        assert_eq!(document["components"][1]["per_1000_requests"], serde_json::Value::Null);
        assert_eq!(document["prices"]["egress_gib"], 2.0);
    }

    #[test]
    fn prices_are_amounts() {
        assert_eq!(amount("0"), Ok(0.0));
        for text in ["-1", "NaN", "inf", "much"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }
}
