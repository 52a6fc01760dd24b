//! A function as a component: what [`component!`](crate::component) expands to calls this.

use crate::{Context, Endpoint, Environment, MissingVariable, SystemClock, TimeOrderedIds};
use axum::Router;
use axum::response::Response;
use mcsp_bridge_api::imports::Imports;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub use spin_sdk;

/// Answers a request with the instance's endpoint, which the first request makes.
///
/// Requests that come while it is being made each make one, and the first to be ready is kept: tasks of an
/// instance do not wait for each other.
pub async fn answer(
    endpoint: &OnceLock<Endpoint>,
    variables: &[&str],
    router: fn(&Context) -> Result<Router<Context>, MissingVariable>,
    request: spin_sdk::http::Request,
) -> Response {
    if endpoint.get().is_none() {
        let context = Context::new(Environment {
            bridge: Arc::new(Imports),
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            variables: values(variables).await,
        });
        match router(&context) {
            Ok(router) => drop(endpoint.set(Endpoint::new(router, context))),
            Err(error) => return Endpoint::unusable(&error),
        }
    }
    match endpoint.get() {
        Some(endpoint) => endpoint.answer(request).await,
        None => Endpoint::unusable(&MissingVariable("")),
    }
}

async fn values(names: &[&str]) -> HashMap<String, String> {
    let mut values = HashMap::new();
    for name in names {
        if let Ok(value) = spin_sdk::variables::get(name).await {
            values.insert((*name).to_owned(), value);
        }
    }
    values
}
