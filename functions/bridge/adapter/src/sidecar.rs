//! One call to the sidecar: `POST {bridge_url}/v1/{interface}/{function}` with the parameters in
//! MessagePack; the answer's body is the function's whole result, its error cases included.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use rmp_serde::Serializer;
use rmp_serde::config::BytesMode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::variables;
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

/// Who calls: grants, bulkheads and breakers go by it.
const COMPONENT_HEADER: &str = "mcsp-component";

/// The sidecar is on the same machine.
const CONNECT_TIMEOUT_NS: u64 = 5_000_000_000;

/// Ends the wait for a sidecar that hangs. One that does not answers sooner: all its calls have deadlines.
const ANSWER_TIMEOUT_NS: u64 = 60_000_000_000;

/// Longer than a sidecar that is well takes to count a request by far, and short beside any request.
pub(crate) const LIMITS_TIMEOUT_NS: u64 = 100_000_000;

/// The sidecar takes no longer call. It would answer before it has read it all, and close the connection: the
/// answer can get lost, and with it the next call.
const MAX_CALL_BYTES: usize = 7 << 20;

/// A longer answer is broken: the sidecar bounds what the stores may return.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Why the sidecar gave no result.
pub(crate) enum CallFailure {
    /// The sidecar takes no more calls at the moment.
    Overloaded,
    /// It gave up waiting.
    DeadlineExceeded,
    /// It did not answer, or not what a sidecar answers.
    Unreachable,
    /// It does not know the component or its token; the text names the variable to look at.
    NotGranted(&'static str),
    /// It could not take the call; the text is the status.
    Refused(String),
}

/// An error type of the interfaces, all of which can say that the bridge gave no result.
pub(crate) trait Failable {
    /// The case that says so.
    fn failed(failure: CallFailure) -> Self;
}

/// Calls a function by `interface/name`.
pub(crate) async fn call<T, E>(function: &str, parameters: &impl Serialize) -> Result<T, E>
where
    T: DeserializeOwned,
    E: DeserializeOwned + Failable,
{
    call_within(ANSWER_TIMEOUT_NS, function, parameters).await
}

/// The same, for what is not worth the full wait.
pub(crate) async fn call_within<T, E>(
    timeout_ns: u64,
    function: &str,
    parameters: &impl Serialize,
) -> Result<T, E>
where
    T: DeserializeOwned,
    E: DeserializeOwned + Failable,
{
    match exchange(timeout_ns, function, parameters).await {
        Ok(answer) => rmp_serde::from_slice::<Result<T, E>>(&answer)
            .unwrap_or_else(|_| Err(E::failed(CallFailure::Unreachable))),
        Err(failure) => Err(E::failed(failure)),
    }
}

async fn exchange(
    timeout_ns: u64,
    function: &str,
    parameters: &impl Serialize,
) -> Result<Bytes, CallFailure> {
    let mut body = Vec::new();
    let mut serializer = Serializer::new(&mut body).with_struct_map().with_bytes(BytesMode::ForceIterables);
    parameters.serialize(&mut serializer).map_err(|_| CallFailure::Refused("parameters".into()))?;
    if body.len() > MAX_CALL_BYTES {
        return Err(CallFailure::Refused(StatusCode::PAYLOAD_TOO_LARGE.as_str().to_owned()));
    }
    let url = variable("bridge_url").await?;
    let tokens = variable("bridge_token").await?;
    // While it is exchanged there are two: the first is shown.
    let token = tokens.split_ascii_whitespace().next().unwrap_or_default();
    let component = variable("bridge_component").await?;
    let request = Request::post(format!("{}/v1/{function}", url.trim_end_matches('/')))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(COMPONENT_HEADER, component)
        .header(CONTENT_TYPE, "application/msgpack")
        .extension(RequestOptionsExtension(timeouts(timeout_ns)))
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| CallFailure::NotGranted("bridge_url"))?;
    let response = spin_sdk::http::send(request).await.map_err(|error| match error {
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => CallFailure::DeadlineExceeded,
        _ => CallFailure::Unreachable,
    })?;
    match response.status() {
        StatusCode::OK => {
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            body.map(|body| body.to_bytes()).map_err(|_| CallFailure::Unreachable)
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Err(CallFailure::Overloaded),
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Err(CallFailure::DeadlineExceeded),
        StatusCode::UNAUTHORIZED => Err(CallFailure::NotGranted("bridge_token")),
        StatusCode::FORBIDDEN => Err(CallFailure::NotGranted("bridge_component")),
        status if status.is_client_error() => Err(CallFailure::Refused(status.as_str().to_owned())),
        _ => Err(CallFailure::Unreachable),
    }
}

fn timeouts(answer_ns: u64) -> RequestOptions {
    let options = RequestOptions::new();
    // A host may refuse to bound a wait; then its own bounds hold.
    let _refused = options.set_connect_timeout(Some(CONNECT_TIMEOUT_NS.min(answer_ns)));
    let _refused = options.set_first_byte_timeout(Some(answer_ns));
    let _refused = options.set_between_bytes_timeout(Some(answer_ns));
    options
}

/// A variable of the component that the adapter serves, whose configuration it inherits.
async fn variable(name: &'static str) -> Result<String, CallFailure> {
    variables::get(name).await.map_err(|_| CallFailure::NotGranted(name))
}
