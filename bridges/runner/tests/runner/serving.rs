//! Requests and answers, where all goes well and where the request is wrong.

use crate::fixture::{Setup, assert_problem, get, get_from, report, send, send_http2};
use bytes::Bytes;
use http::Request;
use http_body_util::{Full, StreamBody};
use hyper::body::Frame;
use mcsp_runner::{AdminAddress, FunctionReport, StartError};
use std::convert::Infallible;
use std::time::Duration;

#[tokio::test]
async fn a_function_answers_over_http_1_and_over_http_2() {
    let runner = Setup::default().start().await;
    for response in [get(&runner, "/hello").await, send_http2(runner.address(), "/hello").await] {
        assert_eq!(response.status(), 200);
        assert_eq!(response.body(), "hello\n");
    }
    runner.stop().await;
}

#[tokio::test]
async fn head_is_answered_like_get_but_without_the_body() {
    let runner = Setup::default().start().await;
    for path in ["/hello", "/probe/variable"] {
        let request = Request::head(path).body(Full::<Bytes>::default()).unwrap();
        let response = send(runner.address(), request).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8", "{path}");
        assert!(response.body().is_empty(), "{path}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn every_worker_thread_serves() {
    let mut setup = Setup::default();
    setup.settings.workers = 3;
    setup.settings.instance_idle = Duration::from_secs(60);
    let runner = setup.start().await;
    // The kernel spreads connections; that a thread gets none of so many does not happen.
    for _ in 0..60 {
        assert_eq!(get(&runner, "/hello").await.status(), 200);
    }
    assert_eq!(report(&runner, "hello").instances, 3, "one of each thread");
    runner.stop().await;
}

#[tokio::test]
async fn a_body_arrives_whole() {
    let runner = Setup::default().start().await;
    let body = Bytes::from("ä".repeat(300_000));
    let request = Request::post("/probe/echo").body(Full::new(body.clone())).unwrap();
    let response = send(runner.address(), request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), &body);
    runner.stop().await;
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused_with_and_without_its_length() {
    let runner = Setup::default().start().await;
    let body = Bytes::from(vec![b'a'; (1 << 20) + 1]);
    let request = Request::post("/probe/echo").body(Full::new(body.clone())).unwrap();
    let refused = send(runner.address(), request).await;
    assert_problem(&refused, 413, "body_too_large");
    assert_eq!(refused.headers()["connection"], "close");
    let chunks = futures::stream::iter([Ok::<_, Infallible>(Frame::data(body))]);
    let request = Request::post("/probe/echo").body(StreamBody::new(chunks)).unwrap();
    assert_problem(&send(runner.address(), request).await, 413, "body_too_large");
    runner.stop().await;
}

#[tokio::test]
async fn a_body_of_any_length_is_taken_as_it_arrives_where_that_is_asked_for() {
    const CHUNKS: usize = 1024;
    let runner = Setup::default().probe("streams_bodies = true").start().await;
    let chunk = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'a'; 64 * 1024])));
    let chunks = futures::stream::iter((0..CHUNKS).map(move |_| chunk()));
    let request = Request::post("/probe/count").body(StreamBody::new(chunks)).unwrap();
    let counted = send(runner.address(), request).await;
    assert_eq!(counted.body(), &format!("{}\n", CHUNKS * 64 * 1024));
    let peak_bytes = report(&runner, "probe").memory_peak_bytes;
    assert!(peak_bytes < 8 << 20, "{peak_bytes}");
    runner.stop().await;
}

#[tokio::test]
async fn a_path_of_no_route_is_a_problem_document() {
    let runner = Setup::default().start().await;
    for path in ["/", "/nowhere", "/hello/more", "/_mcsp/functions"] {
        assert_problem(&get(&runner, path).await, 404, "not_found");
    }
    runner.stop().await;
}

#[tokio::test]
async fn a_method_that_no_function_takes_is_a_problem_document() {
    let runner = Setup::default().start().await;
    let request = Request::builder().method("TRACE").uri("/hello").body(Full::<Bytes>::default()).unwrap();
    assert_problem(&send(runner.address(), request).await, 405, "method_not_allowed");
    runner.stop().await;
}

#[tokio::test]
async fn a_functions_own_refusal_passes_through() {
    let runner = Setup::default().start().await;
    let request = Request::post("/hello").body(Full::<Bytes>::default()).unwrap();
    let response = send(runner.address(), request).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    runner.stop().await;
}

#[tokio::test]
async fn a_function_reads_its_variables() {
    let runner = Setup::default().start().await;
    assert_eq!(get(&runner, "/probe/variable").await.body(), "hello world!");
    runner.stop().await;
}

#[tokio::test]
async fn a_function_cannot_call_out_but_through_the_bridge() {
    let runner = Setup::default().start().await;
    assert_eq!(get(&runner, "/probe/outbound").await.body(), "refused");
    assert_eq!(get(&runner, "/probe/redis/key").await.body(), "Failure::Unreachable");
    runner.stop().await;
}

#[tokio::test]
async fn the_admin_face_shows_functions_and_metrics() {
    let mut setup = Setup::default();
    setup.settings.admin = Some(AdminAddress::Tcp("127.0.0.1:0".parse().unwrap()));
    let runner = setup.start().await;
    let Some(AdminAddress::Tcp(admin)) = runner.admin_address().cloned() else { panic!("no address") };
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    let functions = get_from(admin, "/functions").await;
    let functions: Vec<FunctionReport> = serde_json::from_slice(functions.body()).unwrap();
    let hello = functions.iter().find(|report| report.component == "hello").unwrap();
    assert_eq!((hello.calls, hello.cold_starts, hello.errors), (1, 1, 0));
    assert!(hello.memory_peak_bytes > 0 && hello.memory_limit_bytes >= hello.memory_peak_bytes);
    assert_eq!(hello.sent_bytes, "hello\n".len() as u64);
    assert!(hello.active_ms <= hello.up_ms);
    let metrics = get_from(admin, "/metrics").await;
    let metrics = std::str::from_utf8(metrics.body()).unwrap();
    assert!(metrics.contains("mcsp_function_calls_total{component=\"hello\",service=\"\"} 1\n"), "{metrics}");
    let route = "component=\"hello\",service=\"\",route=\"/hello\"";
    for line in [
        format!("mcsp_http_requests_total{{{route},status_class=\"2xx\"}} 1\n"),
        format!("mcsp_http_request_duration_seconds_bucket{{{route},le=\"+Inf\"}} 1\n"),
        format!("mcsp_http_request_duration_seconds_count{{{route}}} 1\n"),
    ] {
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    assert!(!metrics.contains("route=\"/probe"), "{metrics}");
    assert_eq!(get_from(admin, "/readyz").await.status(), 200);
    assert_eq!(get_from(admin, "/healthz").await.status(), 200);
    assert_problem(&get_from(admin, "/nowhere").await, 404, "not_found");
    runner.stop().await;
}

#[tokio::test]
async fn a_taken_port_and_a_component_that_is_not_built_are_named() {
    let runner = Setup::default().start().await;
    let mut second = Setup::default();
    second.settings.listen = runner.address();
    let Err(error) = second.try_start().await else { panic!("the port was shared") };
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    runner.stop().await;

    let mut unbuilt = Setup::default();
    unbuilt.manifest = unbuilt.manifest.replace("hello.wasm", "unbuilt.wasm");
    let Err(error) = unbuilt.try_start().await else { panic!("it started") };
    assert_eq!(error.to_string(), "component `hello`");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("unbuilt.wasm: build it first"), "{cause}");
}

#[tokio::test]
async fn who_asks_is_the_peer_or_whom_a_trusted_proxy_names() {
    let asked = || {
        let request = Request::get("/probe/client").header("spin-client-addr", "198.51.100.1");
        request.header("x-forwarded-for", "203.0.113.9, 192.0.2.7").body(Full::<Bytes>::default()).unwrap()
    };
    let runner = Setup::default().start().await;
    assert!(send(runner.address(), asked()).await.body().starts_with(b"127.0.0.1:"));
    runner.stop().await;
    let mut behind = Setup::default();
    behind.settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let runner = behind.start().await;
    assert_eq!(send(runner.address(), asked()).await.body(), "192.0.2.7");
    assert!(get(&runner, "/probe/client").await.body().starts_with(b"127.0.0.1:"));
    runner.stop().await;
}
