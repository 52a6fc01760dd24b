//! What each function does and costs. Every worker thread counts for itself; readers add up.

use crate::requests::RouteAccount;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The counters of one function on one thread.
#[derive(Debug, Default)]
pub(crate) struct FunctionStats {
    calls: AtomicU64,
    errors: AtomicU64,
    cold_starts: AtomicU64,
    instances_started: AtomicU64,
    instances: AtomicU64,
    loaded: AtomicU64,
    cpu_ns: AtomicU64,
    memory_bytes: AtomicU64,
    memory_peak_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    /// The function's, on all threads.
    usage: Arc<Usage>,
}

impl FunctionStats {
    pub(crate) fn new(usage: Arc<Usage>) -> Self {
        FunctionStats { usage, ..FunctionStats::default() }
    }

    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn code_loaded(&self) {
        self.loaded.fetch_add(1, Relaxed);
    }

    pub(crate) fn started_cold(&self) {
        self.cold_starts.fetch_add(1, Relaxed);
    }

    pub(crate) fn code_dropped(&self) {
        self.loaded.fetch_sub(1, Relaxed);
    }

    pub(crate) fn instance_started(&self) {
        self.instances_started.fetch_add(1, Relaxed);
        self.instances.fetch_add(1, Relaxed);
        self.usage.instance_started();
    }

    pub(crate) fn instance_dropped(&self) {
        self.instances.fetch_sub(1, Relaxed);
        self.usage.instance_dropped();
    }

    pub(crate) fn computed(&self, ns: u64) {
        self.cpu_ns.fetch_add(ns, Relaxed);
    }

    pub(crate) fn memory_taken(&self, bytes: usize, of_instance: usize) {
        self.memory_bytes.fetch_add(bytes as u64, Relaxed);
        self.memory_peak_bytes.fetch_max(of_instance as u64, Relaxed);
        self.usage.memory_taken(bytes);
    }

    pub(crate) fn memory_released(&self, bytes: usize) {
        self.memory_bytes.fetch_sub(bytes as u64, Relaxed);
        self.usage.memory_released(bytes);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.sent_bytes.fetch_add(bytes, Relaxed);
    }
}

/// Whether a function is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionState {
    /// It has an instance.
    Warm,
    /// It has code, but no instance.
    Idle,
    /// It has neither, and costs nothing.
    Dropped,
}

/// What one function does and costs, over all threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionReport {
    /// The component.
    pub component: String,
    /// The platform service that it belongs to.
    pub service: Option<String>,
    /// Whether it is ready.
    pub state: FunctionState,
    /// Instances that are kept ready.
    pub pinned: u32,
    /// Instances that there are.
    pub instances: u64,
    /// Requests that are being served.
    pub in_flight: u64,
    /// Requests since the start.
    pub calls: u64,
    /// Requests that the runner had to answer in the function's place: traps, timeouts, overload.
    pub errors: u64,
    /// Times that code was brought back for a request.
    pub cold_starts: u64,
    /// Instances since the start.
    pub instances_started: u64,
    /// Milliseconds that it computed since the start.
    pub cpu_ms: u64,
    /// Linear memory of its instances, in bytes.
    pub memory_bytes: u64,
    /// The most linear memory that one instance had, in bytes.
    pub memory_peak_bytes: u64,
    /// The most that one may have, in bytes.
    pub memory_limit_bytes: u64,
    /// Linear memory for as long as it was held, since the start.
    pub memory_kib_s: u64,
    /// Bytes of answers' bodies since the start.
    pub sent_bytes: u64,
    /// Milliseconds since the start.
    pub up_ms: u64,
    /// Of these, those in which there was an instance.
    pub active_ms: u64,
}

/// What is known of a function beside its counters.
#[derive(Debug)]
pub(crate) struct Account {
    pub component: String,
    pub service: Option<String>,
    pub pinned: u32,
    pub memory_limit_bytes: u64,
    pub in_flight: Arc<AtomicU64>,
    pub usage: Arc<Usage>,
    pub per_worker: Vec<Arc<FunctionStats>>,
    pub routes: Vec<RouteAccount>,
}

impl Account {
    pub(crate) fn report(&self) -> FunctionReport {
        let sum = |counter: fn(&FunctionStats) -> &AtomicU64| -> u64 {
            self.per_worker.iter().map(|stats| counter(stats).load(Relaxed)).sum()
        };
        let instances = sum(|s| &s.instances);
        let used = self.usage.used();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        FunctionReport {
            component: self.component.clone(),
            service: self.service.clone(),
            state: if instances > 0 {
                FunctionState::Warm
            } else if sum(|s| &s.loaded) > 0 {
                FunctionState::Idle
            } else {
                FunctionState::Dropped
            },
            pinned: self.pinned,
            instances,
            in_flight: self.in_flight.load(Relaxed),
            calls: sum(|s| &s.calls),
            errors: sum(|s| &s.errors),
            cold_starts: sum(|s| &s.cold_starts),
            instances_started: sum(|s| &s.instances_started),
            cpu_ms: sum(|s| &s.cpu_ns) / 1_000_000,
            memory_bytes: sum(|s| &s.memory_bytes),
            memory_peak_bytes: self
                .per_worker
                .iter()
                .map(|stats| stats.memory_peak_bytes.load(Relaxed))
                .max()
                .unwrap_or(0),
            memory_limit_bytes: self.memory_limit_bytes,
            memory_kib_s: u64::try_from(used.byte_milliseconds / 1_024_000).unwrap_or(u64::MAX),
            sent_bytes: sum(|s| &s.sent_bytes),
            up_ms: ms(used.up),
            active_ms: ms(used.active),
        }
    }
}
