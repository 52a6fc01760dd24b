//! What a function finds in its host: WASI, its variables, and the bridge. Nothing else: no files, no
//! environment, no network.

pub(crate) mod bindings;
mod bridge;
mod convert;
mod cpu;
mod log;
mod memory;
mod origin;
mod variables;

use crate::stats::FunctionStats;
use cpu::CpuMeter;
use mcsp_bridge_api::Bridge;
use memory::MemoryMeter;
pub(crate) use origin::Origin;
use origin::Origins;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// What an instance's host functions work on.
pub(crate) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    refusal: NoOutboundHttp,
    bridge: Arc<dyn Bridge>,
    variables: Arc<BTreeMap<String, String>>,
    memory: MemoryMeter,
    cpu: CpuMeter,
    pub(crate) origins: Origins,
    _counted: Counted,
}

/// An instance that exists, in its function's account.
struct Counted(Arc<FunctionStats>);

impl Counted {
    fn new(stats: Arc<FunctionStats>) -> Self {
        stats.instance_started();
        Counted(stats)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.instance_dropped();
    }
}

/// What the instances of one function on one thread have in common.
pub(crate) struct Surroundings {
    pub component: Arc<str>,
    /// Whose it is: its service's, or its own.
    pub service: Arc<str>,
    pub bridge: Arc<dyn Bridge>,
    pub variables: Arc<BTreeMap<String, String>>,
    pub memory_limit_bytes: usize,
    pub stats: Arc<FunctionStats>,
}

/// Offers everything that a function may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    bindings::functions::Functions::add_to_linker::<_, Imports>(&mut linker, |state| state)?;
    bindings::variables::VariablesHost::add_to_linker::<_, Imports>(&mut linker, |state| state)?;
    Ok(linker)
}

/// Makes the store of a new instance.
pub(crate) fn store(engine: &Engine, surroundings: &Surroundings) -> Store<State> {
    let cpu = CpuMeter::new(Arc::clone(&surroundings.stats));
    let state = State {
        table: ResourceTable::new(),
        wasi: WasiCtx::builder()
            .stdout(log::GuestLog::new(Arc::clone(&surroundings.component)))
            .stderr(log::GuestLog::new(Arc::clone(&surroundings.component)))
            .build(),
        http: WasiHttpCtx::new(),
        refusal: NoOutboundHttp,
        bridge: Arc::clone(&surroundings.bridge),
        variables: Arc::clone(&surroundings.variables),
        memory: MemoryMeter::new(surroundings.memory_limit_bytes, Arc::clone(&surroundings.stats)),
        cpu: cpu.clone(),
        origins: Origins::default(),
        _counted: Counted::new(Arc::clone(&surroundings.stats)),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.memory);
    store.call_hook(|store, hook| {
        match hook {
            CallHook::CallingWasm => store.data().cpu.enter(),
            CallHook::ReturningFromWasm => store.data().cpu.leave(),
            CallHook::CallingHost | CallHook::ReturningFromHost => {}
        }
        Ok(())
    });
    // A function that computes for long lets the others of its thread have their turn.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(cpu.clone().pause()))));
    store
}

/// The bindings' name for [`State`].
pub(crate) struct Imports;

impl HasData for Imports {
    type Data<'a> = &'a mut State;
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.refusal }
    }
}

/// Functions reach the world through the bridge, where grants, breakers and deadlines are.
struct NoOutboundHttp;

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for NoOutboundHttp {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Transmission,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Transmission), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
