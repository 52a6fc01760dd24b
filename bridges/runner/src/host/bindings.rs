//! Generated from `wit/`: the interfaces that functions import.

#[allow(missing_docs, clippy::all, clippy::restriction)]
pub(crate) mod functions {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "functions",
    });
}

#[allow(missing_docs, clippy::all, clippy::restriction)]
pub(crate) mod variables {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "variables-host",
        imports: { default: async | store },
    });
}
