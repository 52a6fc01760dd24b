//! The WebAssembly engine and its ticker.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The longest that a function computes before others of its thread get their turn.
const TICK: Duration = Duration::from_millis(10);

/// Instances of all engines together. Each reserves about 4 GiB of address space (not of memory), of
/// which x86-64 has 128 TiB.
const MAX_INSTANCES: u32 = 16_384;
const MAX_INSTANCES_PER_ENGINE: u32 = 1_000;

/// What one component's instance is made of, at most. Rust components have 4 core instances, one memory
/// and 3 tables; compositions a multiple.
const CORE_INSTANCES_PER_COMPONENT: u32 = 20;
const MEMORIES_PER_COMPONENT: u32 = 4;
const TABLES_PER_COMPONENT: u32 = 10;

/// The highest `memory_mib` that a manifest can give.
const MAX_MEMORY_BYTES: usize = 1 << 30;

/// Makes an engine. All engines of one build are alike: code compiled by one runs on all.
pub(crate) fn new(workers: usize) -> wasmtime::Result<Engine> {
    Engine::new(&config(workers))
}

/// Makes an engine whose code runs on every processor of this machine's architecture, not on those with the features of
/// this one alone.
pub(crate) fn portable() -> wasmtime::Result<Engine> {
    let mut config = config(1);
    config.target(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH))?;
    Engine::new(&config)
}

/// How many instances there can be at once on each of so many threads.
pub(crate) fn max_instances(workers: usize) -> u32 {
    let workers = u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
    (MAX_INSTANCES / workers).clamp(1, MAX_INSTANCES_PER_ENGINE)
}

fn config(workers: usize) -> Config {
    let instances = max_instances(workers);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .total_core_instances(instances * 6)
        .total_memories(instances)
        .total_tables(instances * 4)
        .total_stacks(instances * 2)
        .max_memory_size(MAX_MEMORY_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .parallel_compilation(true)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Ticks every engine while an instance is at work, and sleeps while none is.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    engines: Mutex<Vec<EngineWeak>>,
    /// Instances that may run.
    active: AtomicUsize,
    stopped: AtomicBool,
}

impl Ticker {
    pub(crate) fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            engines: Mutex::default(),
            active: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let ticking = Arc::clone(&shared);
        let thread = thread::Builder::new().name("mcsp-ticker".into()).spawn(move || ticking.run())?;
        Ok(Ticker { shared, thread: Some(thread) })
    }

    /// Has an engine ticked until it is dropped.
    pub(crate) fn add(&self, engine: &Engine) {
        self.shared.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine.weak());
    }

    /// What instances tell the ticker by.
    pub(crate) fn handle(&self) -> TickerHandle {
        TickerHandle {
            shared: Arc::clone(&self.shared),
            thread: self.thread.as_ref().map(|handle| handle.thread().clone()),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ended = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        while !self.stopped.load(Ordering::Acquire) {
            if self.active.load(Ordering::Acquire) == 0 {
                // A wake-up between the check and here is kept by `unpark`.
                thread::park();
                continue;
            }
            thread::sleep(TICK);
            for engine in self.engines.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                if let Some(engine) = engine.upgrade() {
                    engine.increment_epoch();
                }
            }
        }
    }
}

#[derive(Clone)]
pub(crate) struct TickerHandle {
    shared: Arc<Shared>,
    thread: Option<Thread>,
}

impl TickerHandle {
    /// Keeps the ticker awake as long as the result lives.
    pub(crate) fn awake(&self) -> Awake {
        if self.shared.active.fetch_add(1, Ordering::AcqRel) == 0
            && let Some(thread) = &self.thread
        {
            thread.unpark();
        }
        Awake(Arc::clone(&self.shared))
    }
}

/// An instance that may run.
pub(crate) struct Awake(Arc<Shared>);

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::AcqRel);
    }
}
