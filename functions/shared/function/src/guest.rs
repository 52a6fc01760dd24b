//! A function as a component: what [`component!`](crate::component) expands to calls this.

mod request;
mod response;

use crate::{Context, Endpoint, Environment, MissingVariable, SystemClock, TimeOrderedIds};
pub use axum::Router;
use axum::body::Body;
use axum::response::Response;
use mcsp_bridge_api::imports::Imports;
use spin_sdk::wasip3::http::types::{self, ErrorCode};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use tower_service::Service;

pub use request::Incoming;
pub use spin_sdk::wasip3;

/// Answers a request with the instance's endpoint, which the first request makes.
///
/// Requests that come while it is being made each make one, and the first to be ready is kept: tasks of an
/// instance do not wait for each other.
pub async fn answer(
    endpoint: &OnceLock<Endpoint>,
    variables: &[&str],
    router: fn(&Context) -> Result<Router<Context>, MissingVariable>,
    request: types::Request,
) -> Result<types::Response, ErrorCode> {
    let request = request::from_host(request)?;
    response::to_host(match ready(endpoint, variables, router).await {
        Ok(endpoint) => endpoint.answer(request).await,
        Err(error) => Endpoint::unusable(&error),
    })
}

/// Answers a request with a router that needs nothing of the platform.
pub async fn answer_plainly(
    router: &OnceLock<Router>,
    make: fn() -> Router,
    request: types::Request,
) -> Result<types::Response, ErrorCode> {
    let request = request::from_host(request)?.map(Body::new);
    let answer: Result<Response, Infallible> = router.get_or_init(make).clone().call(request).await;
    match answer {
        Ok(answer) => response::to_host(answer),
        Err(never) => match never {},
    }
}

async fn ready<'a>(
    endpoint: &'a OnceLock<Endpoint>,
    variables: &[&str],
    router: fn(&Context) -> Result<Router<Context>, MissingVariable>,
) -> Result<&'a Endpoint, MissingVariable> {
    if let Some(endpoint) = endpoint.get() {
        return Ok(endpoint);
    }
    let context = Context::new(Environment {
        bridge: Arc::new(Imports),
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        variables: values(variables).await,
    });
    let made = Endpoint::new(router(&context)?, context)?;
    Ok(endpoint.get_or_init(|| made))
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
