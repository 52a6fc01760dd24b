//! Requests from within the process: how the bridge's consumers deliver events to functions.

use crate::problem::Problem;
use crate::worker::Worker;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for a worker thread to take them.
pub(crate) const QUEUE: usize = 256;

/// A request for a function by name, and where its answer goes.
pub(crate) struct Job {
    component: String,
    request: Request<Bytes>,
    answer: oneshot::Sender<Response<Bytes>>,
}

/// Hands requests to functions, from any thread. It outlives the runner: then it answers `stopping`.
#[derive(Clone)]
pub struct Dispatcher(Arc<Workers>);

struct Workers {
    queues: Vec<mpsc::Sender<Job>>,
    next: AtomicUsize,
}

impl Dispatcher {
    pub(crate) fn new(queues: Vec<mpsc::Sender<Job>>) -> Self {
        Dispatcher(Arc::new(Workers { queues, next: AtomicUsize::new(0) }))
    }

    /// Has a component serve a request, whatever its routes are. All limits of the component hold, and
    /// every failure is an answer: 404 `not_found` for an unknown component, 503 `stopping` once the runner
    /// stops, and the problem documents that a client would get.
    pub async fn dispatch(&self, component: &str, request: Request<Bytes>) -> Response<Bytes> {
        let turn = self.0.next.fetch_add(1, Relaxed);
        let Some(queue) = self.0.queues.get(turn % self.0.queues.len().max(1)) else {
            return Problem::Stopping.response();
        };
        let (answer, answered) = oneshot::channel();
        if queue.send(Job { component: component.to_owned(), request, answer }).await.is_err() {
            return Problem::Stopping.response();
        }
        answered.await.unwrap_or_else(|_| Problem::Stopping.response())
    }
}

impl Job {
    pub(crate) async fn run(self, worker: &Worker) {
        let response = match worker.function(&self.component) {
            None => Problem::NotFound.response(),
            Some(function) => {
                let body = |bytes| Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
                let place = worker.place_at(self.request.uri().path());
                let place = place.filter(|place| place.function.component() == self.component);
                let request = self.request.map(body);
                let answer = match place {
                    Some(place) => place.serve(request).await,
                    None => function.call("", request).await,
                };
                let (head, body) = answer.into_parts();
                match body.collect().await {
                    Ok(collected) => Response::from_parts(head, collected.to_bytes()),
                    Err(never) => match never {},
                }
            }
        };
        // Who asked may have gone.
        let _unheard = self.answer.send(response);
    }
}
