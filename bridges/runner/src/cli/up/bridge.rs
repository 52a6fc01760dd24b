//! The bridge within the runner: a worker of it on each thread, and events by the dispatcher.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use mcsp_bridge::{Bridges, Invoke, Pages, Worker};
use mcsp_bridge_api::Bridge;
use mcsp_runner::{BridgeFactory, Dispatcher, Extension, NoBridge};
use serde_json::Value;
use std::cell::OnceCell;
use std::sync::Arc;

thread_local! {
    /// The connections of a serving thread, which live and die with it.
    static WORKER: OnceCell<Worker> = const { OnceCell::new() };
}

/// Makes the bridge of each component on each thread.
pub(crate) struct InProcess(pub(crate) Arc<Bridges>);

impl BridgeFactory for InProcess {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        let made = WORKER.with(|cell| {
            if cell.get().is_none() {
                // Nobody else is on this thread: the cell is still empty.
                let _was_empty = cell.set(Worker::new(Arc::clone(&self.0))?);
            }
            cell.get().map(|worker| worker.for_component(id)).transpose()
        });
        match made {
            Ok(Some(bridge)) => bridge,
            Ok(None) => Arc::new(NoBridge),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(component = id, error, "the component has no bridge");
                Arc::new(NoBridge)
            }
        }
    }
}

/// Delivers events within the process.
pub(crate) struct ByDispatch(pub(crate) Dispatcher);

#[async_trait]
impl Invoke for ByDispatch {
    async fn invoke(&self, component: &str, request: Request<Bytes>) -> Response<Bytes> {
        self.0.dispatch(component, request).await
    }
}

/// Shows the bridge on the runner's admin face.
pub(crate) struct Shown(pub(crate) Arc<Pages>);

impl Extension for Shown {
    fn metrics(&self, out: &mut String) {
        self.0.metrics(out);
    }

    fn page(&self, path: &str) -> Option<Value> {
        (path == "/breakers").then(|| self.0.breakers())
    }
}
