//! The catalog as other services ask for it: over HTTP, through their bridge.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use content_tests::Stand;
use content_tests::samples::new_user_id;
use mcsp_bridge_api::services::Request;
use mcsp_testbed::{BRIDGE_TOKEN, Component, Setup, Testbed, serve};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The catalog, until it is told to fail.
struct Served {
    catalog: Component,
    fails: AtomicBool,
}

impl Served {
    async fn answer(&self, path: &str, headers: HeaderMap) -> Response {
        if self.fails.load(Ordering::SeqCst) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let token = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
        let headers: Vec<_> = token.iter().map(|token| ("authorization", *token)).collect();
        let mut reply = self.catalog.send(("GET", path), &headers, None).await;
        reply.headers.remove(header::CONTENT_LENGTH);
        (StatusCode::from_u16(reply.status).unwrap(), reply.headers, reply.json.to_string()).into_response()
    }
}

#[tokio::test]
async fn while_content_fails_its_answer_stands_for_the_platform_and_for_nobody_else() {
    let stand = Stand::new().await;
    let video = stand.ready_video(new_user_id(), "A title").await;
    let Stand { bed: _bed, catalog, .. } = stand;
    let served = Arc::new(Served { catalog, fails: AtomicBool::new(false) });
    let asked = Arc::clone(&served);
    let answer = async move |Path(id): Path<String>, headers: HeaderMap| {
        asked.answer(&format!("/v1/catalog/{id}"), headers).await
    };
    let targets = vec![("content", serve(Router::new().route("/v1/catalog/{id}", get(answer))).await)];
    let playback = Testbed::without_database("playback", Setup { targets, ..Setup::default() }).await;
    let bridge = playback.bridge("playback-sessions");
    let ask = async |token: Option<&str>| {
        let request = Request {
            target: "content".to_owned(),
            method: "GET".to_owned(),
            path: format!("/v1/catalog/{video}"),
            headers: token
                .map(|token| ("authorization".to_owned(), format!("Bearer {token}")))
                .into_iter()
                .collect(),
            body: Vec::new(),
            idempotent: true,
            deadline_ms: None,
        };
        let response = bridge.call(request).await.unwrap();
        (response.status, serde_json::from_slice::<Value>(&response.body).unwrap_or_default())
    };
    let (status, state) = ask(Some(BRIDGE_TOKEN)).await;
    assert_eq!((status, &state["video_id"]), (200, &Value::from(video.to_string())), "{state}");
    for stranger in [None, Some("another token")] {
        assert_eq!(ask(stranger).await.0, 404, "{stranger:?}");
    }
    served.fails.store(true, Ordering::SeqCst);
    assert_eq!(ask(Some(BRIDGE_TOKEN)).await, (200, state));
    for stranger in [None, Some("another token")] {
        assert_eq!(ask(stranger).await.0, 503, "{stranger:?}");
    }
}

#[tokio::test]
async fn every_cache_is_told_to_whom_an_answer_may_be_given() {
    let stand = Stand::new().await;
    let video = stand.ready_video(new_user_id(), "A title").await;
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let path = format!("/v1/catalog/{video}");
    let reply = stand.catalog.send(("GET", &path), &[("authorization", &bearer)], None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(reply.headers["cache-control"], "public, max-age=1, stale-if-error=60");
    assert_eq!(reply.headers["vary"], "authorization");
    let refused = stand.catalog.send(("GET", &path), &[], None).await;
    assert_eq!((refused.status, refused.headers.get("cache-control")), (404, None));
}

#[tokio::test]
async fn who_does_not_speak_grpc_is_told_so_and_strangers_are_told_nothing() {
    let stand = Stand::new().await;
    let bearer = format!("Bearer {BRIDGE_TOKEN}");
    let method = ("POST", "/content.v1.Catalog/Get");
    let told = stand.catalog.send(method, &[("authorization", &bearer)], None).await;
    assert_eq!((told.status, told.code()), (415, "grpc_needed"));
    let stranger = stand.catalog.send(method, &[], None).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
}
