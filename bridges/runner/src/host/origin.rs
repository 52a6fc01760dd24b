//! Which request a call of the bridge is made for. An instance serves several at once, and its calls don't say it; the
//! engine knows the task that calls, and was told the request when the task began.

use super::Imports;
use mcsp_traces::SpanContext;
use std::collections::HashMap;
use wasmtime::AsContextMut;
use wasmtime::component::{Accessor, GuestTaskId};

/// The spans of the requests that an instance serves, by task. Empty as long as none is traced. Tasks that have ended leave
/// theirs until another has the same number: an instance serves few requests in its life.
#[derive(Default)]
pub(crate) struct Origins(HashMap<GuestTaskId, SpanContext>);

impl Origins {
    /// A task begins to serve a request.
    pub(crate) fn begin(&mut self, task: GuestTaskId, span: Option<SpanContext>) {
        match span {
            Some(span) => drop(self.0.insert(task, span)),
            None if self.0.is_empty() => {}
            None => drop(self.0.remove(&task)),
        }
    }
}

/// The span of the request that is served by the task that calls.
pub(super) fn origin<T>(accessor: &Accessor<T, Imports>) -> Option<SpanContext> {
    accessor.with(|mut store| {
        if store.get().origins.0.is_empty() {
            return None;
        }
        // The last is the one that the host has called.
        let task = store.as_context_mut().async_call_stack().ok()?.last()?;
        store.get().origins.0.get(&task).cloned()
    })
}
