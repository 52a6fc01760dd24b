//! Any call of the bridge: `POST /probe/bridge/<function>` with the parameters as a JSON array. The answer is
//! the function's whole result as JSON, its error cases included.

use axum::http::StatusCode;
use mcsp_bridge_api::Bridge;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Calls and tells the result.
pub(crate) async fn answer(
    bridge: &dyn Bridge,
    function: &str,
    parameters: &[u8],
) -> Result<Vec<u8>, StatusCode> {
    match function {
        "query" => {
            let (statement,) = read(parameters)?;
            told(&bridge.query(statement).await)
        }
        "try_query" => {
            let (statement, patience_ms) = read(parameters)?;
            told(&bridge.try_query(statement, patience_ms).await)
        }
        "transact" => {
            let (transaction,) = read(parameters)?;
            told(&bridge.transact(transaction).await)
        }
        "publish" => {
            let (events, acknowledgement) = read(parameters)?;
            told(&bridge.publish(events, acknowledgement).await)
        }
        "pipeline" => {
            let (operations,) = read(parameters)?;
            told(&bridge.pipeline(operations).await)
        }
        "try_pipeline" => {
            let (operations, patience_ms) = read(parameters)?;
            told(&bridge.try_pipeline(operations, patience_ms).await)
        }
        "call" => {
            let (request,) = read(parameters)?;
            told(&bridge.call(request).await)
        }
        "hash_password" => {
            let (password,) = read(parameters)?;
            told(&bridge.hash_password(password).await)
        }
        "verify_password" => {
            let (password, phc) = read(parameters)?;
            told(&bridge.verify_password(password, phc).await)
        }
        "take_request" => {
            let (subject,) = read(parameters)?;
            told(&bridge.take_request(subject).await)
        }
        "exchange" => {
            let (steps,) = read(parameters)?;
            told(&bridge.exchange(steps).await)
        }
        _ => Err(StatusCode::NOT_FOUND),
    }
}

fn read<T: DeserializeOwned>(parameters: &[u8]) -> Result<T, StatusCode> {
    serde_json::from_slice(parameters).map_err(|_| StatusCode::BAD_REQUEST)
}

fn told(result: &impl Serialize) -> Result<Vec<u8>, StatusCode> {
    serde_json::to_vec(result).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
