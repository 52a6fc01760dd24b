//! A call as it comes over the wire: `POST /v1/<interface>/<function>`, parameters and result in MessagePack.
//!
//! Parameters are an array in the order of the WIT function, records are maps by field name, a result is
//! `{"Ok": …}` or `{"Err": …}`.

use mcsp_bridge_api::Bridge;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
            let (statement,) = parameters(body)?;
            encoded(&port.query(statement).await)
        }
        ("postgres", "transact") => {
            let (transaction,) = parameters(body)?;
            encoded(&port.transact(transaction).await)
        }
        ("kafka", "publish") => {
            let (events, acknowledgement) = parameters(body)?;
            encoded(&port.publish(events, acknowledgement).await)
        }
        ("redis", "pipeline") => {
            let (operations,) = parameters(body)?;
            encoded(&port.pipeline(operations).await)
        }
        ("services", "call") => {
            let (request,) = parameters(body)?;
            encoded(&port.call(request).await)
        }
        ("passwords", "hash") => {
            let (password,) = parameters(body)?;
            encoded(&port.hash_password(password).await)
        }
        ("passwords", "verify") => {
            let (password, phc) = parameters(body)?;
            encoded(&port.verify_password(password, phc).await)
        }
        _ => Err(Unanswerable::NoSuchFunction),
    }
}

fn parameters<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unanswerable> {
    rmp_serde::from_slice(body).map_err(|_| Unanswerable::Malformed)
}

fn encoded<T: Serialize>(result: &T) -> Result<Vec<u8>, Unanswerable> {
    rmp_serde::to_vec_named(result).map_err(|_| Unanswerable::Unencodable)
}
