//! Calls to a target that is well, and to targets that are not.

use crate::support::{Caller, Server, answer, caller, get, header, text, with_header};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_guard::State;
use mcsp_services::TargetConfig;
use std::time::{Duration, Instant};

fn post(path: &str) -> Request {
    Request { method: "POST".into(), body: b"{}".to_vec(), ..get(path) }
}

fn state(caller: &Caller) -> State {
    caller.guards.guard("content", "services-auth").snapshot().state
}

#[tokio::test]
async fn a_request_arrives_whole_but_for_what_must_not_be_forwarded() {
    let server = Server::start(|_| async {
        answer(201, &[("x-answer", "yes"), ("x-answer", "again"), ("connection", "keep-alive")], "made")
    })
    .await;
    let target = TargetConfig { unforwarded_headers: vec!["x-internal".into()], ..server.target() };
    let caller = caller(target);
    let mut request = post("/v1/things?a=b");
    for (name, value) in [
        ("content-type", "application/json"),
        ("authorization", "Bearer token"),
        ("X-Internal", "secret"),
        ("host", "elsewhere"),
        ("transfer-encoding", "chunked"),
    ] {
        request = with_header(request, name, value);
    }
    let response = caller.services.call(request).await.unwrap();
    assert_eq!((response.status, text(&response).as_str(), response.stale_ms), (201, "made", 0));
    assert_eq!(response.headers.iter().filter(|(name, _)| name == "x-answer").count(), 2);
    assert_eq!(header(&response, "connection"), None);

    let seen = server.last();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), &seen.body[..]),
        ("POST", "/v1/things?a=b", &b"{}"[..])
    );
    assert_eq!(seen.headers["authorization"], "Bearer token");
    assert_eq!(seen.headers["host"], server.address.to_string());
    assert!(!seen.headers.contains_key("x-internal"));
    assert!(!seen.headers.contains_key("transfer-encoding"));
}

#[tokio::test]
async fn the_answer_to_head_tells_the_length_of_what_get_would_give() {
    let server =
        Server::start_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 342964\r\nconnection: close\r\n\r\n").await;
    let caller = caller(TargetConfig { max_response_bytes: 1_000, ..server.target() });
    let response = caller.services.call(Request { method: "HEAD".into(), ..get("/object") }).await.unwrap();
    assert_eq!(header(&response, "content-length"), Some("342964"));
    assert!(response.body.is_empty());
}

#[tokio::test]
async fn a_target_that_is_not_granted_or_not_configured_is_not_called() {
    let server = Server::start(|_| async { answer(200, &[], "") }).await;
    let caller = caller(server.target());
    let call = |target: &str| caller.services.call(Request { target: target.into(), ..get("/") });
    assert_eq!(call("billing").await, Err(Failure::NotGranted("services billing".into())));
    assert_eq!(call("unconfigured").await, Err(Failure::Refused("unknown-target".into())));
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_malformed_request_is_refused_and_not_sent() {
    let server = Server::start(|_| async { answer(200, &[], "") }).await;
    let caller = caller(TargetConfig { max_request_bytes: 10, ..server.target() });
    for (request, code) in [
        (get("v1"), "malformed-path"),
        (get("/../admin"), "malformed-path"),
        (Request { method: "GE T".into(), ..get("/") }, "malformed-method"),
        (Request { method: "CONNECT".into(), ..get("/") }, "malformed-method"),
        (with_header(get("/"), "bad name", "x"), "malformed-header"),
        (with_header(get("/"), "x", "a\r\nb: c"), "malformed-header"),
        (Request { body: vec![0; 11], ..post("/") }, "request-too-large"),
    ] {
        assert_eq!(caller.services.call(request).await, Err(Failure::Refused(code.into())), "{code}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn an_answer_over_the_bound_is_refused() {
    let server = Server::start(|seen| async move {
        answer(200, &[], vec![b'x'; if seen.path == "/long" { 1_001 } else { 1_000 }])
    })
    .await;
    let caller = caller(TargetConfig { max_response_bytes: 1_000, ..server.target() });
    assert_eq!(caller.services.call(get("/short")).await.unwrap().body.len(), 1_000);
    let refused = caller.services.call(Request { idempotent: true, ..get("/long") }).await;
    assert_eq!(refused, Err(Failure::Refused("response-too-large".into())));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn an_answer_that_says_it_is_over_the_bound_is_not_read() {
    let with_a_length: &'static [u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n";
    let without: &'static [u8] = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_001)).into_bytes().leak();
    // Of the first no byte of the body comes; of the other one has to see how many there are.
    for bytes in [with_a_length, without] {
        let server = Server::start_raw(bytes).await;
        let caller = caller(TargetConfig { max_response_bytes: 1_000, ..server.target() });
        let refused = caller.services.call(Request { idempotent: true, ..get("/") }).await;
        assert_eq!(refused, Err(Failure::Refused("response-too-large".into())));
        assert_eq!((server.requests(), state(&caller)), (1, State::Closed));
    }
}

#[tokio::test]
async fn an_idempotent_request_is_repeated_and_another_is_not() {
    let server = Server::start(|seen| async move {
        if seen.number % 3 == 0 { answer(200, &[], "ok") } else { answer(503, &[], "busy") }
    })
    .await;
    let caller = caller(server.target());
    let once = caller.services.call(post("/")).await.unwrap();
    assert_eq!((once.status, server.requests()), (503, 1));
    let repeated = caller.services.call(Request { idempotent: true, ..post("/") }).await.unwrap();
    assert_eq!((repeated.status, server.requests()), (200, 3));
}

#[tokio::test]
async fn statuses_of_the_target_open_the_breaker_and_those_of_the_caller_do_not() {
    for (status, expected) in
        [(404, State::Closed), (429, State::Closed), (501, State::Closed), (500, State::Open)]
    {
        let server = Server::start(move |_| async move { answer(status, &[], "") }).await;
        let caller = caller(server.target());
        for _ in 0..20 {
            assert_eq!(caller.services.call(post("/")).await.unwrap().status, status);
        }
        assert_eq!(state(&caller), expected, "{status}");
        if expected == State::Open {
            let refused = caller.services.call(post("/")).await;
            assert!(matches!(refused, Err(Failure::BreakerOpen(_))), "{refused:?}");
            assert_eq!(server.requests(), 20);
        }
    }
}

#[tokio::test]
async fn a_dead_target_is_unreachable_at_once() {
    let address = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let caller = caller(TargetConfig::at(format!("http://{address}")));
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(caller.services.call(post("/")).await, Err(Failure::Unreachable));
    }
    // Each would have two seconds.
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(state(&caller), State::Open);
}

#[tokio::test]
async fn a_slow_target_costs_no_more_than_the_earlier_deadline() {
    let server = Server::start(|_| std::future::pending()).await;
    for (configured, asked) in [(100, None), (60_000, Some(100)), (100, Some(60_000))] {
        let caller = caller(TargetConfig { deadline_ms: configured, ..server.target() });
        let begun = Instant::now();
        let result = caller.services.call(Request { deadline_ms: asked, ..post("/") }).await;
        assert_eq!(result, Err(Failure::DeadlineExceeded));
        assert!(begun.elapsed() < Duration::from_secs(30), "took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn garbage_and_broken_connections_are_unreachable() {
    for bytes in [
        &b""[..],
        b"this is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 99999 Never\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ] {
        let server = Server::start_raw(bytes).await;
        let caller = caller(server.target());
        let result = caller.services.call(post("/")).await;
        assert_eq!(result, Err(Failure::Unreachable), "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_hundred_calls_at_once_get_their_own_answers() {
    let server = Server::start(|seen| async move { answer(200, &[], seen.body) }).await;
    let caller = caller(TargetConfig { deadline_ms: 30_000, ..server.target() });
    let calls = (0..100).map(|number| {
        let body = format!("call {number}").into_bytes();
        let services = caller.services.clone();
        async move {
            let response = services.call(Request { body: body.clone(), ..post("/") }).await.unwrap();
            assert_eq!(response.body, body);
        }
    });
    futures::future::join_all(calls).await;
}
