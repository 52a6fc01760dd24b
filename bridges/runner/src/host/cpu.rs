//! How long an instance computes. A thread runs one function at a time, so the time between entering and
//! leaving WebAssembly, less the pauses in between, is processor time but for what the operating system
//! takes away; the monotonic clock costs a tenth of the thread's own.

use crate::stats::FunctionStats;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The clock of one instance, which only its thread touches.
#[derive(Clone)]
pub(crate) struct CpuMeter(Arc<Meter>);

struct Meter {
    /// Calls into WebAssembly may nest: the host has the guest allocate.
    depth: AtomicU32,
    /// Nanoseconds since `origin` when computing began.
    since_ns: AtomicU64,
    origin: Instant,
    stats: Arc<FunctionStats>,
}

impl CpuMeter {
    pub(super) fn new(stats: Arc<FunctionStats>) -> Self {
        CpuMeter(Arc::new(Meter {
            depth: AtomicU32::new(0),
            since_ns: AtomicU64::new(0),
            origin: Instant::now(),
            stats,
        }))
    }

    pub(super) fn enter(&self) {
        let depth = self.0.depth.load(Relaxed);
        self.0.depth.store(depth + 1, Relaxed);
        if depth == 0 {
            self.0.begin();
        }
    }

    pub(super) fn leave(&self) {
        let depth = self.0.depth.load(Relaxed).saturating_sub(1);
        self.0.depth.store(depth, Relaxed);
        if depth == 0 {
            self.0.end();
        }
    }

    /// Lets others compute, whose time is not this instance's.
    pub(super) fn pause(self) -> impl Future<Output = ()> + Send {
        self.0.end();
        async move {
            tokio::task::yield_now().await;
            self.0.begin();
        }
    }
}

impl Meter {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn begin(&self) {
        self.since_ns.store(self.now_ns(), Relaxed);
    }

    fn end(&self) {
        self.stats.computed(self.now_ns().saturating_sub(self.since_ns.load(Relaxed)));
    }
}
