//! What happens to one request from a client, up to the function and back.

use crate::body::Body;
use crate::problem::Problem;
use crate::worker::Worker;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::time::Duration;
use wasmtime_wasi_http::WasiBody;

/// The longest body that functions take; more goes to object storage.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// The longest that a client may take to send it.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// How much is taken of a body that is refused.
const LINGER_MAX_BYTES: usize = 8 << 20;
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Where events are delivered.
const EVENTS_PREFIX: &str = "/events/";

/// The runner's own paths on the public listener, for probes.
const HEALTH_PATH: &str = "/_mcsp/healthz";

/// Answers one request. Every failure is an answer too.
pub(crate) async fn serve(worker: &Worker, request: Request<Incoming>) -> Response<Body> {
    match receive(worker, request).await {
        Ok(response) => response,
        Err(problem) => problem.response().map(Body::whole),
    }
}

async fn receive(worker: &Worker, request: Request<Incoming>) -> Result<Response<Body>, Problem> {
    let path = request.uri().path();
    if path.starts_with(EVENTS_PREFIX) && !worker.takes_public_events() {
        return Err(Problem::NotFound);
    }
    let Some(function) = worker.function_at(path) else {
        if path == HEALTH_PATH {
            return Ok(Response::new(Body::whole(Bytes::from_static(b"ok\n"))));
        }
        return Err(Problem::NotFound);
    };
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotAllowed);
    }
    let (head, body) = request.into_parts();
    let body = if body.is_end_stream() { empty() } else { read(body).await? };
    Ok(function.call(Request::from_parts(head, body)).await)
}

/// Reads a body whole before an instance is bothered: a slow client then holds none.
async fn read(mut body: Incoming) -> Result<WasiBody, Problem> {
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        linger(body).await;
        return Err(Problem::PayloadTooLarge);
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(&mut body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(collected)) => Ok(collected.map_err(|never| match never {}).boxed_unsync()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            linger(body).await;
            Err(Problem::PayloadTooLarge)
        }
        Ok(Err(_)) => Err(Problem::BadRequest),
        Err(_) => Err(Problem::RequestTimeout),
    }
}

/// Takes some of what is too much before it is refused. A connection that is closed while the client still
/// writes is reset, and the client may never read the answer.
async fn linger(mut body: Incoming) {
    let taking = async {
        let mut taken = 0;
        while let Some(Ok(frame)) = body.frame().await {
            taken += frame.data_ref().map_or(0, Bytes::len);
            if taken > LINGER_MAX_BYTES {
                return;
            }
        }
    };
    // What does not come in time is not waited for.
    let _in_time = tokio::time::timeout(LINGER_TIMEOUT, taking).await;
}

fn empty() -> WasiBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}
