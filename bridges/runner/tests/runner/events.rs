//! Events are delivered from within, not from the public listener.

use crate::fixture::{Setup, assert_problem, get, send};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

fn event() -> Request<Bytes> {
    Request::post("/events/probe").header("ce-id", "event-1").body(Bytes::from("{}")).unwrap()
}

#[tokio::test]
async fn an_event_reaches_its_function_from_any_thread() {
    let runner = Setup::default().start().await;
    let dispatcher = runner.dispatcher();
    let from_another = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(dispatcher.dispatch("probe", event()))
    });
    let response = tokio::task::spawn_blocking(|| from_another.join().unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), "event-1");
    runner.stop().await;
}

#[tokio::test]
async fn an_event_from_outside_finds_nothing_unless_that_is_allowed() {
    let runner = Setup::default().start().await;
    assert_problem(&send(runner.address(), event().map(Full::new)).await, 404, "not_found");
    runner.stop().await;
    let mut open = Setup::default();
    open.settings.public_events = true;
    let runner = open.start().await;
    assert_eq!(send(runner.address(), event().map(Full::new)).await.body(), "event-1");
    runner.stop().await;
}

#[tokio::test]
async fn a_dispatch_fails_as_an_answer() {
    let runner = Setup::default().start().await;
    let dispatcher = runner.dispatcher();
    assert_problem(&dispatcher.dispatch("nobody", event()).await, 404, "not_found");
    let trap = Request::get("/probe/trap").body(Bytes::new()).unwrap();
    assert_problem(&dispatcher.dispatch("probe", trap).await, 500, "function_failed");
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    runner.stop().await;
    assert_problem(&dispatcher.dispatch("probe", event()).await, 503, "stopping");
}
