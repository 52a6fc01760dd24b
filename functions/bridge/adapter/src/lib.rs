//! The bridge for stock Spin: a component that exports the interfaces of `mcsp:bridge` and forwards every
//! call to the sidecar over HTTP. Natively, where the runner links the bridge itself, it is empty.

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod sidecar;
