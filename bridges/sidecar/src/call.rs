//! A call as it comes over the wire: `POST /v1/<interface>/<function>`, parameters and result in MessagePack.
//!
//! Parameters and records are maps by their WIT names, with `_` for `-`; a result is `{"Ok": …}` or
//! `{"Err": …}`.

use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::Subject;
use mcsp_bridge_api::memory::Step;
use mcsp_bridge_api::postgres::{Statement, Transaction};
use mcsp_bridge_api::redis::Operation;
use mcsp_bridge_api::services::Request;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Why a call has no answer. A capability's failures are answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswerable {
    /// The bridge has no such interface or function.
    NoSuchFunction,
    /// The body does not hold the function's parameters.
    Malformed,
    /// The result cannot be encoded.
    Unencodable,
}

/// Makes the call.
pub(crate) async fn answer(
    port: &dyn Bridge,
    interface: &str,
    function: &str,
    body: &[u8],
) -> Result<Vec<u8>, Unanswerable> {
    match (interface, function) {
        ("postgres", "query") => {
            let Query { statement } = parameters(body)?;
            encoded(&port.query(statement).await)
        }
        ("postgres", "try-query") => {
            let TryQuery { statement, patience_ms } = parameters(body)?;
            encoded(&port.try_query(statement, patience_ms).await)
        }
        ("postgres", "transact") => {
            let Transact { transaction } = parameters(body)?;
            encoded(&port.transact(transaction).await)
        }
        ("kafka", "publish") => {
            let Publish { events, acknowledgement } = parameters(body)?;
            encoded(&port.publish(events, acknowledgement).await)
        }
        ("redis", "pipeline") => {
            let Pipeline { operations } = parameters(body)?;
            encoded(&port.pipeline(operations).await)
        }
        ("redis", "try-pipeline") => {
            let TryPipeline { operations, patience_ms } = parameters(body)?;
            encoded(&port.try_pipeline(operations, patience_ms).await)
        }
        ("services", "call") => {
            let Call { request } = parameters(body)?;
            encoded(&port.call(request).await)
        }
        ("passwords", "hash") => {
            let Hash { password } = parameters(body)?;
            encoded(&port.hash_password(password).await)
        }
        ("passwords", "verify") => {
            let Verify { password, phc } = parameters(body)?;
            encoded(&port.verify_password(password, phc).await)
        }
        ("limits", "take") => {
            let Take { subject } = parameters(body)?;
            encoded(&port.take_request(subject).await)
        }
        ("memory", "exchange") => {
            let Exchange { steps } = parameters(body)?;
            encoded(&port.exchange(steps).await)
        }
        _ => Err(Unanswerable::NoSuchFunction),
    }
}

#[derive(Deserialize)]
struct Query {
    statement: Statement,
}

#[derive(Deserialize)]
struct TryQuery {
    statement: Statement,
    patience_ms: u32,
}

#[derive(Deserialize)]
struct Transact {
    transaction: Transaction,
}

#[derive(Deserialize)]
struct Publish {
    events: Vec<Event>,
    acknowledgement: Acknowledgement,
}

#[derive(Deserialize)]
struct Pipeline {
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct TryPipeline {
    operations: Vec<Operation>,
    patience_ms: u32,
}

#[derive(Deserialize)]
struct Call {
    request: Request,
}

#[derive(Deserialize)]
struct Hash {
    password: String,
}

#[derive(Deserialize)]
struct Verify {
    password: String,
    phc: Option<String>,
}

#[derive(Deserialize)]
struct Take {
    subject: Subject,
}

#[derive(Deserialize)]
struct Exchange {
    steps: Vec<Step>,
}

fn parameters<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unanswerable> {
    rmp_serde::from_slice(body).map_err(|_| Unanswerable::Malformed)
}

fn encoded<T: Serialize>(result: &T) -> Result<Vec<u8>, Unanswerable> {
    rmp_serde::to_vec_named(result).map_err(|_| Unanswerable::Unencodable)
}
