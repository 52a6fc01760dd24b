//! A host as stock Spin is one, as small as it can be: WASI, variables, outgoing HTTP, and instances that serve
//! several requests at once.

use crate::composition::probe_with_adapter;
use crate::kafka::PATIENCE;
use crate::outgoing::Outgoing;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::net::TcpListener;
use wasmtime::component::{Accessor, Component, GuestTaskId, HasData, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyHandler, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{Error, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

#[allow(missing_docs, clippy::all, clippy::restriction)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../runner/wit",
        world: "variables-host",
        imports: { default: async | store },
    });
}
use bindings::spin::variables::variables;

/// Requests that one instance serves at the same time.
const CONCURRENT_REQUESTS: usize = 16;

pub type Variables = Arc<BTreeMap<String, String>>;

/// Serves the probe until the test's runtime ends.
pub fn serve(listener: TcpListener, variables: Variables, outgoing: Outgoing) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(handle);
    let router = router.with_state(ProxyHandler::new(Instances { variables, outgoing }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn handle(Shared(handler): Shared<ProxyHandler<Instances>>, request: Request) -> Response {
    let lost = |error: axum::Error| Error::InternalError(Some(error.to_string()));
    match handler.handle((), request.map(|body| body.map_err(lost).boxed_unsync())).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

/// Compiled once for all tests.
fn compiled() -> &'static ServicePre<State> {
    static COMPILED: OnceLock<ServicePre<State>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let engine = Engine::new(Config::new().wasm_component_model_async(true)).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi::p3::add_to_linker(&mut linker).unwrap();
        wasmtime_wasi_http::p3::add_to_linker(&mut linker).unwrap();
        bindings::VariablesHost::add_to_linker::<_, Imports>(&mut linker, |state| state).unwrap();
        let component = Component::new(&engine, probe_with_adapter()).unwrap();
        ServicePre::new(linker.instantiate_pre(&component).unwrap()).unwrap()
    })
}

struct Instances {
    variables: Variables,
    outgoing: Outgoing,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Lasting;
    type WorkerState = Lasting;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Lasting, Lasting>> {
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().inherit_stderr().build(),
            http: WasiHttpCtx::new(),
            outgoing: self.outgoing.clone(),
            variables: Arc::clone(&self.variables),
        };
        let mut store = Store::new(compiled().engine(), state);
        let proxy = ProxyPre::P3(compiled().clone()).instantiate_async(&mut store).await?;
        Ok(Instance { store, proxy, view: State::http, expiration: Lasting, state: Lasting })
    }
}

/// An instance that stays until the test ends.
struct Lasting;

impl WorkerExpiration for Lasting {
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>, _: WorkerStatus, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}

impl WorkerState for Lasting {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, _: usize) -> ShouldAccept {
        if concurrent < CONCURRENT_REQUESTS { ShouldAccept::Yes } else { ShouldAccept::No }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(tokio::time::sleep(PATIENCE))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        drop(store);
        if let Err(error) = result {
            eprintln!("an instance ended: {error:?}");
        }
    }
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    variables: Variables,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outgoing }
    }
}

struct Imports;

impl HasData for Imports {
    type Data<'a> = &'a mut State;
}

impl variables::Host for &mut State {}

impl<T> variables::HostWithStore<T> for Imports {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, variables::Error> {
        accessor.with(|mut store| {
            let value = store.get().variables.get(&name).cloned();
            value.ok_or(variables::Error::Undefined(name))
        })
    }
}
