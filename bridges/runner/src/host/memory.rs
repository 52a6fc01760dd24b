//! Linear memory of one instance: its limit, and its share in the function's account.

use crate::stats::FunctionStats;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// Entries of one table: functions that a component calls indirectly.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// The instance asked for more memory than its component may have.
#[derive(Debug, thiserror::Error)]
#[error("the limit of {limit_bytes} bytes of memory is reached")]
pub(crate) struct MemoryLimitReached {
    limit_bytes: usize,
}

/// Counts what an instance has, and gives it back when the instance is dropped.
pub(crate) struct MemoryMeter {
    limit_bytes: usize,
    used_bytes: usize,
    stats: Arc<FunctionStats>,
}

impl MemoryMeter {
    pub(super) fn new(limit_bytes: usize, stats: Arc<FunctionStats>) -> Self {
        MemoryMeter { limit_bytes, used_bytes: 0, stats }
    }
}

impl Drop for MemoryMeter {
    fn drop(&mut self) {
        self.stats.memory_released(self.used_bytes);
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        let total = self.used_bytes.saturating_add(growth);
        if total > self.limit_bytes {
            // A trap rather than a failed `memory.grow`: Rust aborts either way, and so the log has the cause.
            return Err(MemoryLimitReached { limit_bytes: self.limit_bytes }.into());
        }
        self.used_bytes = total;
        self.stats.memory_taken(growth, total);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}
