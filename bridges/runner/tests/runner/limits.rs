//! What a component may use, and what happens beyond it.

use crate::bridge::GatedBridge;
use crate::fixture::{Setup, assert_problem, get, get_from, report, wait_until};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::Instant;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_trap_takes_only_its_own_instance() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).reuse(128, 1).start().await;
    let trapped_meanwhile = async {
        wait_until(|| bridge.entered() == 1, || "not entered".into()).await;
        let trapped = get(&runner, "/probe/trap").await;
        bridge.let_pass(1);
        trapped
    };
    let (waiting, trapped) = tokio::join!(get(&runner, "/probe/redis/key"), trapped_meanwhile);
    assert_problem(&trapped, 500, "function_failed");
    assert_eq!(waiting.status(), 200);
    assert_eq!(report(&runner, "probe").errors, 1);
    runner.stop().await;
}

#[tokio::test]
async fn a_function_that_waits_too_long_is_answered_for() {
    let runner = Setup::default().bridges(GatedBridge::new(0)).probe("timeout_ms = 1000").start().await;
    assert_problem(&get(&runner, "/probe/redis/key").await, 504, "function_timeout");
    assert_eq!(get(&runner, "/probe/variable").await.status(), 200);
    runner.stop().await;
}

#[tokio::test]
async fn a_function_that_computes_too_long_is_ended_and_others_go_on_meanwhile() {
    let runner = Setup::default().probe("timeout_ms = 3000").start().await;
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    let mut spinning = std::pin::pin!(get_from(runner.address(), "/probe/spin"));
    let others = async {
        for _ in 0..3 {
            assert_eq!(get(&runner, "/hello").await.status(), 200);
        }
    };
    tokio::select! {
        spun = &mut spinning => panic!("it ended before the others: {spun:?}"),
        () = others => {}
    }
    let spun = spinning.await;
    assert_problem(&spun, 504, "function_timeout");
    assert_eq!(get(&runner, "/probe/variable").await.status(), 200);
    assert!(report(&runner, "probe").cpu_ms > 0);
    runner.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_no_answer_holds_no_place() {
    let runner = Setup::default().probe("max_concurrent_requests = 1").start().await;
    let stream = TokioIo::new(TcpStream::connect(runner.address()).await.unwrap());
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = http2.initial_stream_window_size(0).handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let uri = format!("http://{}/probe/variable", runner.address());
    let request = Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
    let untaken = sender.send_request(request).await.unwrap();
    assert_eq!(untaken.status(), 200);
    assert_eq!(get(&runner, "/probe/variable").await.status(), 200);
    drop((untaken, sender));
    runner.stop().await;
}

#[tokio::test]
async fn memory_is_given_up_to_the_limit() {
    let runner = Setup::default().probe("memory_mib = 16").start().await;
    assert_eq!(get(&runner, "/probe/grow/8").await.body(), "8388608\n");
    assert_problem(&get(&runner, "/probe/grow/32").await, 500, "function_failed");
    assert_eq!(get(&runner, "/probe/grow/8").await.status(), 200);
    let peak_bytes = report(&runner, "probe").memory_peak_bytes;
    assert!(peak_bytes > 8 << 20 && peak_bytes <= 16 << 20, "{peak_bytes}");
    runner.stop().await;
}

#[tokio::test]
async fn requests_beyond_the_limit_are_refused_at_once_and_served_again_later() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).probe("max_concurrent_requests = 1").start().await;
    let meanwhile = async {
        wait_until(|| bridge.entered() == 1, || "not entered".into()).await;
        let refused = get(&runner, "/probe/variable").await;
        bridge.let_pass(1);
        refused
    };
    let (first, refused) = tokio::join!(get(&runner, "/probe/redis/key"), meanwhile);
    assert_eq!(first.status(), 200);
    assert_problem(&refused, 503, "overloaded");
    assert_eq!(refused.headers()["retry-after"], "1");
    wait_until(|| report(&runner, "probe").in_flight == 0, || "in flight".into()).await;
    assert_eq!(get(&runner, "/probe/variable").await.status(), 200);
    runner.stop().await;
}

#[tokio::test]
async fn time_that_a_function_computes_is_accounted_and_time_that_it_waits_is_not() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).start().await;
    assert_eq!(get(&runner, "/probe/spin/60").await.body(), "spun\n");
    let computed_ms = report(&runner, "probe").cpu_ms;
    assert!(computed_ms >= 50, "{computed_ms}");
    let release_late = async {
        wait_until(|| bridge.entered() == 1, || "not entered".into()).await;
        assert_eq!(get(&runner, "/hello").await.status(), 200);
        let begin = Instant::now();
        wait_until(|| begin.elapsed().as_millis() >= 200, || "waiting".into()).await;
        bridge.let_pass(1);
    };
    let (waited, ()) = tokio::join!(get(&runner, "/probe/redis/key"), release_late);
    assert_eq!(waited.status(), 200);
    let added_ms = report(&runner, "probe").cpu_ms - computed_ms;
    assert!(added_ms < 150, "{added_ms}");
    runner.stop().await;
}
