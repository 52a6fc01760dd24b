//! What happens to one request from a client, up to the function and back.

use crate::body::{Body, InRoom, NoRoom, Paced};
use crate::problem::Problem;
use crate::worker::Worker;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use mcsp_bridge_api::WARM_UP_PATH;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime_wasi_http::WasiBody;

/// The longest body that functions take and give; more goes to object storage.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// The longest that a client may take to send it; of one that is taken as it arrives, to send any more of it.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// What functions may be asked. Which of them a path takes only its function knows.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Where events are delivered.
const EVENTS_PREFIX: &str = "/events/";

/// The runner's own paths on the public listener, for probes.
const HEALTH_PATH: &str = "/_mcsp/healthz";

/// Answers one request. Every failure is an answer too.
pub(crate) async fn serve(worker: &Worker, request: Request<Incoming>) -> Response<Body> {
    let has_body = !request.body().is_end_stream();
    receive(worker, request).await.unwrap_or_else(|problem| {
        let mut response = problem.response().map(Body::whole);
        if has_body {
            // Some of the body was not taken, so no other request can follow (RFC 9112, section 9.6).
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    })
}

async fn receive(worker: &Worker, request: Request<Incoming>) -> Result<Response<Body>, Problem> {
    let path = request.uri().path();
    if path.starts_with(EVENTS_PREFIX) && !worker.takes_public_events() {
        return Err(Problem::NotFound);
    }
    if path == WARM_UP_PATH {
        return Err(Problem::NotFound);
    }
    let Some(place) = worker.place_at(path) else {
        if path == HEALTH_PATH {
            if !worker.is_ready() {
                return Err(Problem::Starting);
            }
            return Ok(Response::new(Body::whole(Bytes::from_static(b"ok\n"))));
        }
        if let Some(document) = worker.document_at(path) {
            return document
                .answer(request.method(), request.headers())
                .map(|answer| answer.map(Body::whole));
        }
        return Err(Problem::NotFound);
    };
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotAllowed(METHODS));
    }
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(place.serve(Request::from_parts(head, empty())).await);
    }
    if place.function.streams_bodies() {
        let body = Paced::new(body, BODY_TIMEOUT).boxed_unsync();
        return Ok(place.serve(Request::from_parts(head, body)).await);
    }
    let (body, _taken) = read(body, worker.body_room()).await?;
    Ok(place.serve(Request::from_parts(head, body)).await)
}

/// Reads a body whole before an instance is bothered: a slow client then holds none. With it comes the room
/// that it takes, to be kept until it has been used.
async fn read(body: Incoming, room: &Semaphore) -> Result<(WasiBody, Option<SemaphorePermit<'_>>), Problem> {
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Problem::PayloadTooLarge);
    }
    let mut body = InRoom::new(body, room);
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(&mut body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(collected)) => {
            let whole = collected.map_err(|never| match never {}).boxed_unsync();
            Ok((whole, body.taken))
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::PayloadTooLarge),
        Ok(Err(error)) if error.is::<NoRoom>() => Err(Problem::Overloaded),
        Ok(Err(_)) => Err(Problem::BadRequest),
        Err(_) => Err(Problem::RequestTimeout),
    }
}

pub(crate) fn empty() -> WasiBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}
