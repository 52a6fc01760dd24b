//! How the requests of one route end, and how long they take. Every worker thread counts for itself; readers add up.

use crate::grpc::Status;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of times, in milliseconds. What takes longer is counted above all of them.
pub(crate) const BOUNDS_MS: [u64; 10] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];
/// First digits of a status.
pub(crate) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters of one route on one thread.
#[derive(Debug, Default)]
pub(crate) struct RouteStats {
    by_class: [AtomicU64; CLASSES.len()],
    by_time: [AtomicU64; BOUNDS_MS.len() + 1],
    total_us: AtomicU64,
    /// Calls of gRPC, by how they ended.
    by_grpc_status: [AtomicU64; Status::COUNT],
}

impl RouteStats {
    /// A call of gRPC is counted in the class of what its status says in HTTP: nearly all of them are 200 there.
    pub(crate) fn answered(&self, status: StatusCode, grpc: Option<Status>, took: Duration) {
        if let Some(counter) = grpc.and_then(|grpc| self.by_grpc_status.get(grpc.number())) {
            counter.fetch_add(1, Relaxed);
        }
        let status = grpc.map_or(status, Status::as_http);
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(CLASSES.len() - 1);
        let bucket = BOUNDS_MS.partition_point(|bound| Duration::from_millis(*bound) < took);
        for counter in [self.by_class.get(class), self.by_time.get(bucket)].into_iter().flatten() {
            counter.fetch_add(1, Relaxed);
        }
        self.total_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }
}

/// A route, and its counters on all threads.
#[derive(Debug)]
pub(crate) struct RouteAccount {
    /// As the manifest has it.
    pub route: String,
    pub per_worker: Vec<Arc<RouteStats>>,
}

/// What a route's requests were, over all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RouteReport {
    /// By the class of their status.
    pub by_class: [u64; CLASSES.len()],
    /// Those that took no longer than each bound, and all.
    pub within: [u64; BOUNDS_MS.len() + 1],
    pub total_s: f64,
    /// Calls of gRPC among them, by the number of their status.
    pub by_grpc_status: [u64; Status::COUNT],
}

impl RouteAccount {
    pub(crate) fn new(route: &str, workers: usize) -> Self {
        RouteAccount { route: route.to_owned(), per_worker: (0..workers).map(|_| Arc::default()).collect() }
    }

    pub(crate) fn report(&self) -> RouteReport {
        let (mut report, mut total_us) = (RouteReport::default(), 0);
        for stats in &self.per_worker {
            add(&mut report.by_class, &stats.by_class);
            add(&mut report.within, &stats.by_time);
            add(&mut report.by_grpc_status, &stats.by_grpc_status);
            total_us += stats.total_us.load(Relaxed);
        }
        report.total_s = total_us as f64 / 1e6;
        let mut below = 0;
        for count in &mut report.within {
            below += *count;
            *count = below;
        }
        report
    }
}

impl RouteReport {
    /// All of them.
    pub(crate) fn count(&self) -> u64 {
        self.within.last().copied().unwrap_or(0)
    }
}

fn add(sums: &mut [u64], counters: &[AtomicU64]) {
    for (sum, counter) in sums.iter_mut().zip(counters) {
        *sum += counter.load(Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_class_and_by_time_over_all_threads() {
        let account = RouteAccount::new("/a", 2);
        for (worker, status, took_us) in
            [(0, 200, 5_000), (0, 404, 5_001), (1, 503, 20_000_000), (1, 999, 0), (1, 204, 700_000)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            account.per_worker[worker].answered(status, None, Duration::from_micros(took_us));
        }
        let report = account.report();
        assert_eq!(report.by_class, [0, 2, 0, 1, 2]);
        assert_eq!(report.within, [2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5]);
        assert_eq!((report.count(), report.total_s), (5, 20.710_001));
        assert_eq!(report.by_grpc_status, [0; Status::COUNT]);
    }

    #[test]
    fn calls_of_grpc_are_counted_as_they_ended() {
        let account = RouteAccount::new("/content.v1.Catalog/...", 1);
        for status in Status::all() {
            account.per_worker[0].answered(StatusCode::OK, Some(status), Duration::ZERO);
        }
        let report = account.report();
        assert_eq!(report.by_grpc_status, [1; Status::COUNT]);
        assert_eq!(report.by_class, [0, 1, 0, 10, 6]);
    }
}
