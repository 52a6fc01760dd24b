//! The import `spin:variables`, answered from the manifest.

use super::bindings::variables::spin::variables::variables::{Error, Host, HostWithStore};
use super::{Imports, State};
use wasmtime::component::Accessor;

impl Host for &mut State {}

impl<T> HostWithStore<T> for Imports {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, Error> {
        accessor.with(|mut store| match store.get().variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(Error::Undefined(name)),
        })
    }
}
