//! Instances of one function on one thread: how they are made, kept ready, used again and ended.

use crate::engine::{Awake, TickerHandle};
use crate::error::CodeError;
use crate::host::{self, Origin, State, Surroundings};
use crate::settings::Reuse;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use wasmtime::component::{Component, GuestTaskId, Linker};
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// A request's own deadline comes first; an instance that computes through it ends this much later.
const GRACE: Duration = Duration::from_millis(50);

/// Everything that an instance is made of.
pub(crate) struct Blueprint {
    engine: Engine,
    pre: ProxyPre<State>,
    surroundings: Arc<Surroundings>,
    ticker: TickerHandle,
    /// Each instance takes one; None where instances are kept for.
    places: Option<Arc<Semaphore>>,
    life: Lifetime,
    stash: Stash,
}

/// All instances are at work that functions without a pin may have together.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the functions that are not pinned have all instances that they may")]
pub(crate) struct NoPlace;

/// How long instances live.
#[derive(Clone, Copy)]
pub(crate) struct Lifetime {
    pub reuse: Reuse,
    pub timeout: Duration,
    pub idle: Duration,
    /// How many are kept ready.
    pub pinned: usize,
}

/// Instances that wait for their first request.
#[derive(Default)]
struct Stash {
    ready: Mutex<VecDeque<Fresh>>,
    refilling: AtomicBool,
}

struct Fresh {
    store: Store<State>,
    proxy: Proxy,
    place: Option<OwnedSemaphorePermit>,
}

/// Links a component to the host.
pub(crate) fn link(linker: &Linker<State>, component: &Component) -> Result<ProxyPre<State>, CodeError> {
    let pre = linker.instantiate_pre(component).map_err(CodeError::Link)?;
    ServicePre::new(pre).map(ProxyPre::P3).map_err(CodeError::Link)
}

impl Blueprint {
    pub(crate) fn new(
        engine: Engine,
        pre: ProxyPre<State>,
        surroundings: Arc<Surroundings>,
        ticker: TickerHandle,
        places: Option<Arc<Semaphore>>,
        life: Lifetime,
    ) -> Self {
        Blueprint { engine, pre, surroundings, ticker, places, life, stash: Stash::default() }
    }

    /// Makes instances until as many are ready as are pinned.
    pub(crate) async fn fill(&self) -> wasmtime::Result<()> {
        while self.stash.len() < self.life.pinned {
            let fresh = self.instantiate().await?;
            self.stash.put(fresh);
        }
        Ok(())
    }

    async fn instantiate(&self) -> wasmtime::Result<Fresh> {
        let place = match &self.places {
            Some(places) => Some(Arc::clone(places).try_acquire_owned().map_err(|_| NoPlace)?),
            None => None,
        };
        let _ticking = self.ticker.awake();
        let mut store = host::store(&self.engine, &self.surroundings);
        let proxy = tokio::time::timeout(self.life.timeout, self.pre.instantiate_async(&mut store)).await??;
        Ok(Fresh { store, proxy, place })
    }

    /// Takes a ready instance, where there is one, and has as many made as are missing: also where there is
    /// none, because an earlier attempt may have failed.
    fn take_ready(self: &Arc<Self>) -> Option<Fresh> {
        let fresh = self.stash.take();
        if self.life.pinned > 0 && !self.stash.refilling.swap(true, Ordering::AcqRel) {
            let blueprint = Arc::clone(self);
            tokio::spawn(async move {
                let filled = blueprint.fill().await;
                blueprint.stash.refilling.store(false, Ordering::Release);
                if let Err(error) = filled {
                    let component = &*blueprint.surroundings.component;
                    tracing::warn!(component, error = %format!("{error:#}"), "cannot keep instances ready");
                }
            });
        }
        fresh
    }
}

impl Stash {
    fn len(&self) -> usize {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Option<Fresh> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn put(&self, fresh: Fresh) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(fresh);
    }
}

/// Gives wasmtime's handler an instance whenever it has none free.
pub(crate) struct Factory(pub Arc<Blueprint>);

impl HandlerState for Factory {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Life;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Life>> {
        let blueprint = &self.0;
        let Fresh { store, proxy, place } = match blueprint.take_ready() {
            Some(fresh) => fresh,
            None => blueprint.instantiate().await?,
        };
        let Lifetime { reuse, timeout, idle, pinned: _ } = blueprint.life;
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: Expiration { idle, busy: timeout + GRACE, sleep: Box::pin(tokio::time::sleep(idle)) },
            state: Life {
                component: Arc::clone(&blueprint.surroundings.component),
                reuse,
                timeout,
                _ticking: blueprint.ticker.awake(),
                _place: place,
            },
        })
    }
}

/// When an instance ends by itself.
pub(crate) struct Expiration {
    idle: Duration,
    busy: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let allowance = match status {
            WorkerStatus::Idle => self.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.busy,
        };
        let Some(deadline) = start.checked_add(allowance).map(tokio::time::Instant::from_std) else {
            return Poll::Pending;
        };
        // The deadline moves with every request. The timer is set anew only where it would ring too late;
        // where it rings too early it is set again, so busy instances touch it once per allowance.
        if deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            if tokio::time::Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

/// One instance at work.
pub(crate) struct Life {
    component: Arc<str>,
    reuse: Reuse,
    timeout: Duration,
    _ticking: Awake,
    _place: Option<OwnedSemaphorePermit>,
}

impl WorkerState for Life {
    type StoreData = State;
    /// What the request is, to what it calls.
    type RequestData = Origin;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.requests {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        origin: Origin,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        store.data_mut().origins.begin(task, origin);
        Box::pin(tokio::time::sleep(self.timeout))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        drop(store);
        if let Err(error) = result {
            let component = &*self.component;
            // The chain begins with a backtrace of the guest and ends with the cause.
            let cause = error.root_cause();
            tracing::warn!(component, %cause, "instance failed");
            tracing::debug!(component, error = %format!("{error:#}"), "instance failed here");
        }
    }
}
