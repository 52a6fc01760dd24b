//! What serves the functions: the runner in this process, or stock Spin in others.

use super::spin::Spin;
use mcsp_bridge::Background;
use mcsp_runner::Runner;
use mcsp_traces::Tracer;
use std::sync::Arc;

/// One of both.
pub(super) enum Host {
    Runner(Embedded),
    Spin(Box<Spin>),
}

/// The runner, the bridge and what both do beside answering, in this process.
pub(super) struct Embedded {
    pub(super) runner: Runner,
    pub(super) background: Arc<Background>,
    pub(super) tracer: Tracer,
}

impl Host {
    /// Waits until it ends without having been asked to, which what is in this process does not.
    pub(super) async fn ended(&self) -> anyhow::Error {
        match self {
            Host::Runner(_) => std::future::pending().await,
            Host::Spin(spin) => spin.ended().await.into(),
        }
    }

    /// Backwards: what events start, then clients, then what both leave behind.
    pub(super) async fn stop(self) {
        match self {
            Host::Runner(Embedded { runner, background, tracer }) => {
                background.stop_consuming().await;
                runner.stop().await;
                background.stop().await;
                tracer.finish().await;
            }
            Host::Spin(spin) => spin.stop().await,
        }
    }
}
