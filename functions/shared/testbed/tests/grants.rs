//! What holds in production holds on the testbed: a component reaches what `spin.toml` grants it.
#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use axum::Router;
use axum::routing::get;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::Operation;
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::sql::sql;
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_testbed::{Emitted, Setup, Testbed, serve, unique};
use serde_json::json;

async fn fetch(bridge: &dyn Bridge, target: &str, path: &str) -> Result<Response, Failure> {
    let request = Request {
        target: target.to_owned(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        idempotent: false,
        deadline_ms: None,
    };
    bridge.call(request).await
}

async fn emit(bridge: &dyn Bridge, topic: &str, key: &str) -> Result<(), TransactError> {
    let event = Event {
        topic: topic.to_owned(),
        key: key.to_owned(),
        id: unique(),
        type_: "mcsp.content.video.changed.v1".to_owned(),
        source: "/mcsp/content".to_owned(),
        time_us: 1_790_000_000_000_000,
        traceparent: None,
        tracestate: None,
        data: b"{}".to_vec(),
    };
    let transaction = Transaction { consumed_event: None, statements: Vec::new(), events: vec![event] };
    bridge.transact(transaction).await.map(|_| ())
}

fn count_events() -> Statement {
    sql("SELECT count(*) FROM outbox").into()
}

fn get_key(key: &str) -> Vec<Operation> {
    vec![Operation::Command(vec![b"GET".to_vec(), key.as_bytes().to_vec()])]
}

#[tokio::test]
async fn only_the_topics_that_a_component_produces_reach_its_outbox() {
    let bed = Testbed::new("content", Setup::default()).await;
    let (videos, search) = (bed.bridge("content-videos"), bed.bridge("content-search"));
    emit(&*videos, "media.changed", "k").await.unwrap();
    for (bridge, topic) in [(&videos, "media.published"), (&search, "media.changed")] {
        let refused = emit(&**bridge, topic, "k").await;
        assert!(matches!(refused, Err(TransactError::Failed(Failure::NotGranted(_)))), "{refused:?}");
    }
    let told = Emitted {
        topic: "media.changed".to_owned(),
        kind: "mcsp.content.video.changed.v1".to_owned(),
        data: json!({}),
    };
    assert_eq!(bed.emitted("k").await, [told]);
    assert_eq!(bed.ask::<i64>("SELECT count(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn what_is_not_granted_is_refused_and_what_is_out_of_reach_is_told_apart() {
    let bed = Testbed::new("auth", Setup { redis_is_down: true, ..Setup::default() }).await;
    let (sessions, roles) = (bed.bridge("auth-sessions"), bed.bridge("auth-roles"));
    assert!(sessions.query(count_events()).await.is_ok());
    assert_eq!(sessions.pipeline(get_key("auth:k")).await, Err(Failure::Unreachable));
    assert!(matches!(sessions.pipeline(get_key("playback:k")).await, Err(Failure::NotGranted(_))));
    assert!(matches!(roles.pipeline(get_key("auth:k")).await, Err(Failure::NotGranted(_))));
    assert!(matches!(roles.hash_password("p".to_owned()).await, Err(Failure::NotGranted(_))));
    assert_eq!(fetch(&*sessions, "auth", "/.well-known/jwks.json").await.unwrap().status, 200);
    assert!(matches!(fetch(&*roles, "content", "/").await, Err(Failure::NotGranted(_))));
    let calls = bed.take_calls();
    assert_eq!(calls, ["query", "pipeline", "pipeline", "pipeline", "hash_password", "call", "call"]);
}

#[tokio::test]
async fn a_target_is_a_stand_in_or_out_of_reach() {
    let catalog = Router::new().route("/v1/catalog/{id}", get(async || "a video"));
    let targets = vec![("content", serve(catalog).await)];
    let bed = Testbed::without_database("playback", Setup { targets, ..Setup::default() }).await;
    let bridge = bed.bridge("playback-sessions");
    let path = "/v1/catalog/1";
    assert_eq!(fetch(&*bridge, "content", path).await.unwrap().body, b"a video");
    bed.set_down("content", true);
    assert_eq!(fetch(&*bridge, "content", path).await, Err(Failure::Unreachable));
    bed.set_down("content", false);
    assert_eq!(fetch(&*bridge, "content", path).await.unwrap().status, 200);
    assert_eq!(bridge.query(count_events()).await, Err(Failure::Unreachable));
    let alone = Testbed::without_database("playback", Setup::default()).await;
    let bridge = alone.bridge("playback-sessions");
    assert_eq!(fetch(&*bridge, "content", path).await, Err(Failure::Unreachable));
}
