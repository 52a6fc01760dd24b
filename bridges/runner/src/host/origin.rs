//! Which request a call of the bridge is made for. An instance serves several at once, and its calls don't say it; the
//! engine knows the task that calls, and was told the request when the task began.

use super::Imports;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_traces::SpanContext;
use std::collections::HashMap;
use tokio::time::Instant;
use wasmtime::AsContextMut;
use wasmtime::component::{Accessor, GuestTaskId};

/// What is known of a request where calls are made for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Origin {
    /// Its span, where it is traced.
    pub span: Option<SpanContext>,
    /// Until when its caller waits, where that is said.
    pub until: Option<Instant>,
}

/// The requests that an instance serves, by task. Empty as long as nothing is known of any. Tasks that have ended leave
/// theirs until another has the same number: an instance serves few requests in its life.
#[derive(Default)]
pub(crate) struct Origins(HashMap<GuestTaskId, Origin>);

impl Origins {
    /// A task begins to serve a request.
    pub(crate) fn begin(&mut self, task: GuestTaskId, origin: Origin) {
        match origin {
            Origin { span: None, until: None } if self.0.is_empty() => {}
            Origin { span: None, until: None } => drop(self.0.remove(&task)),
            known => drop(self.0.insert(task, known)),
        }
    }
}

/// The request that is served by the task that calls.
pub(super) fn origin<T>(accessor: &Accessor<T, Imports>) -> Origin {
    let origin = accessor.with(|mut store| {
        if store.get().origins.0.is_empty() {
            return None;
        }
        // The last is the one that the host has called.
        let task = store.as_context_mut().async_call_stack().ok()?.last()?;
        store.get().origins.0.get(&task).cloned()
    });
    origin.unwrap_or_default()
}

/// Makes a call for a request. It is dropped when nobody waits for its outcome any more.
pub(super) async fn within<T, E: TooLate>(
    Origin { span, until }: Origin,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let call = mcsp_traces::within(span, call);
    match until {
        None => call.await,
        Some(until) => tokio::time::timeout_at(until, call).await.unwrap_or_else(|_| Err(E::too_late())),
    }
}

/// What a call fails with whose time is over.
pub(super) trait TooLate {
    fn too_late() -> Self;
}

impl TooLate for Failure {
    fn too_late() -> Self {
        Failure::DeadlineExceeded
    }
}

impl TooLate for TransactError {
    fn too_late() -> Self {
        TransactError::Failed(Failure::DeadlineExceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_call_ends_with_the_time_of_who_waits_for_it() {
        let soon = Origin { span: None, until: Some(Instant::now() + Duration::from_millis(5)) };
        let never = std::future::pending::<Result<(), Failure>>();
        assert_eq!(within(soon.clone(), never).await, Err(Failure::DeadlineExceeded));
        let never = std::future::pending::<Result<(), TransactError>>();
        let over = Err(TransactError::Failed(Failure::DeadlineExceeded));
        assert_eq!(within(soon, never).await, over);
        let later = Origin { span: None, until: Some(Instant::now() + Duration::from_secs(60)) };
        for origin in [later, Origin::default()] {
            assert_eq!(within(origin, async { Ok::<_, Failure>(1) }).await, Ok(1));
        }
    }
}
