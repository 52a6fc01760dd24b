//! One call and its answer.

use crate::address::Address;
use crate::connector::Connector;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::TransactError;
use rmp_serde::Serializer;
use rmp_serde::config::BytesMode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Who calls: grants, bulkheads and breakers go by it.
const COMPONENT_HEADER: &str = "mcsp-component";
/// The bridge takes no longer call.
const CALL_MAX_BYTES: usize = 7 << 20;
/// A longer answer is broken: the bridge bounds what the stores may return.
const ANSWER_MAX_BYTES: usize = 16 << 20;

/// Connections to the bridge, for one runtime.
pub(crate) type Connections = Client<Connector, Full<Bytes>>;

pub(crate) fn connections(address: Address) -> Connections {
    Client::builder(TokioExecutor::new()).build(Connector(address))
}

/// An error type of the interfaces, all of which can say that the bridge gave no result.
pub(crate) trait Failable {
    fn failed(failure: Failure) -> Self;
}

impl Failable for Failure {
    fn failed(failure: Failure) -> Self {
        failure
    }
}

impl Failable for TransactError {
    fn failed(failure: Failure) -> Self {
        TransactError::Failed(failure)
    }
}

/// Who calls, and how that is shown.
pub(crate) struct Caller {
    pub component: HeaderValue,
    pub authorization: HeaderValue,
}

/// Calls a function by `interface/name`. A result that cannot be read is no result.
pub(crate) async fn call<T, E>(
    (connections, caller): (&Connections, &Caller),
    timeout: Duration,
    function: &str,
    parameters: &impl Serialize,
) -> Result<T, E>
where
    T: DeserializeOwned,
    E: DeserializeOwned + Failable,
{
    let exchanged = tokio::time::timeout(timeout, exchange(connections, caller, function, parameters)).await;
    match exchanged.unwrap_or(Err(Failure::DeadlineExceeded)) {
        Ok(answer) => rmp_serde::from_slice::<Result<T, E>>(&answer)
            .unwrap_or_else(|_| Err(E::failed(Failure::Unreachable))),
        Err(failure) => Err(E::failed(failure)),
    }
}

async fn exchange(
    connections: &Connections,
    caller: &Caller,
    function: &str,
    parameters: &impl Serialize,
) -> Result<Bytes, Failure> {
    let mut body = Vec::new();
    let mut serializer = Serializer::new(&mut body).with_struct_map().with_bytes(BytesMode::ForceIterables);
    parameters.serialize(&mut serializer).map_err(|_| Failure::Refused("parameters".to_owned()))?;
    if body.len() > CALL_MAX_BYTES {
        return Err(Failure::Refused(StatusCode::PAYLOAD_TOO_LARGE.as_str().to_owned()));
    }
    let mut request = Request::post(format!("http://bridge/v1/{function}"))
        .header(AUTHORIZATION, &caller.authorization)
        .header(COMPONENT_HEADER, &caller.component)
        .header(CONTENT_TYPE, "application/msgpack")
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| Failure::Refused("function".to_owned()))?;
    if let Some(span) = mcsp_traces::current() {
        span.put(request.headers_mut());
    }
    let response = connections.request(request).await.map_err(|_| Failure::Unreachable)?;
    match response.status() {
        StatusCode::OK => {
            let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect().await;
            body.map(|body| body.to_bytes()).map_err(|_| Failure::Unreachable)
        }
        StatusCode::UNAUTHORIZED => Err(Failure::NotGranted("MCSP_BRIDGE_TOKEN".to_owned())),
        StatusCode::FORBIDDEN => Err(Failure::NotGranted("component".to_owned())),
        status if status.is_client_error() => Err(Failure::Refused(status.as_str().to_owned())),
        _ => Err(Failure::Unreachable),
    }
}
