//! A function for the tests of its hosts: it calls the bridge, waits, traps and grows as asked.

mod call;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use mcsp_bridge_api::{Bridge, WARM_UP_PATH, redis};
use std::sync::Arc;

/// What the function finds in its host.
pub struct Host {
    /// Where its calls go.
    pub bridge: Arc<dyn Bridge>,
}

/// The routes below `/probe`, and what has the path of a method of gRPC.
pub fn router(host: Host) -> Router {
    let host = Arc::new(host);
    let bridge = Arc::clone(&host.bridge);
    let events = post(|request: Request| async move {
        let id = request.headers().get("ce-id").map(|id| id.as_bytes().to_vec());
        id.ok_or(StatusCode::BAD_REQUEST)
    });
    let calls = post(move |Path(function): Path<String>, parameters: Bytes| async move {
        call::answer(&*bridge, &function, &parameters).await
    });
    let (waiting, warming) = (Arc::clone(&host), Arc::clone(&host));
    Router::new()
        .route("/probe.v1.Probe/Read", get(move || read(Arc::clone(&waiting), "key".to_owned())))
        .route(WARM_UP_PATH, get(move || read(Arc::clone(&warming), "key".to_owned())))
        .route("/probe/redis/{key}", get(move |Path(key): Path<String>| read(Arc::clone(&host), key)))
        .route("/probe/bridge/{function}", calls.layer(DefaultBodyLimit::disable()))
        .route("/probe/echo", post(|body: String| async { body }))
        .route("/probe/count", post(count))
        .route("/probe/client", get(client))
        .route("/probe/trap", get(trap))
        .route("/probe/spin", get(spin))
        .route("/probe/spin/{ms}", get(spin_for))
        .route("/probe/grow/{mib}", get(grow))
        .route("/events/probe", events)
}

async fn read(host: Arc<Host>, key: String) -> (StatusCode, String) {
    let command = redis::Operation::Command(vec![b"GET".to_vec(), key.into_bytes()]);
    match host.bridge.pipeline(vec![command]).await {
        Ok(replies) => (StatusCode::OK, format!("{replies:?}")),
        Err(failure) => (StatusCode::BAD_GATEWAY, format!("{failure:?}")),
    }
}

/// How many bytes come, of which none is kept.
async fn count(mut body: Body) -> Result<String, StatusCode> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(format!("{bytes}\n"))
}

/// Whom the host takes for the client.
async fn client(headers: HeaderMap) -> Result<Vec<u8>, StatusCode> {
    let client = headers.get("spin-client-addr").map(|client| client.as_bytes().to_vec());
    client.ok_or(StatusCode::NOT_FOUND)
}

#[expect(clippy::panic, reason = "tests ask for it")]
async fn trap() {
    panic!("as asked");
}

async fn spin() {
    loop {
        std::hint::black_box(());
    }
}

async fn spin_for(Path(ms): Path<u64>) -> &'static str {
    let begin = std::time::Instant::now();
    while begin.elapsed() < std::time::Duration::from_millis(ms) {
        std::hint::black_box(());
    }
    "spun\n"
}

async fn grow(Path(mib): Path<usize>) -> String {
    let grown = std::hint::black_box(vec![1_u8; mib << 20]);
    format!("{}\n", grown.len())
}

#[cfg(target_arch = "wasm32")]
mod component {
    use mcsp_bridge_api::imports::Imports;
    use spin_sdk::http::{IntoResponse, Request};
    use std::sync::{Arc, OnceLock};
    use tower_service::Service;

    static ROUTER: OnceLock<axum::Router> = OnceLock::new();

    #[spin_sdk::http_service]
    async fn handle(request: Request) -> impl IntoResponse {
        if request.uri().path() == "/probe/variable" {
            let value = spin_sdk::variables::get("greeting").await;
            return axum::response::IntoResponse::into_response(
                value.unwrap_or_else(|error| error.to_string()),
            );
        }
        if request.uri().path() == "/probe/outbound" {
            let answer = spin_sdk::http::get("http://127.0.0.1:1/").await;
            return axum::response::IntoResponse::into_response(match answer {
                Ok(_) => "answered",
                Err(_) => "refused",
            });
        }
        let router = ROUTER.get_or_init(|| super::router(super::Host { bridge: Arc::new(Imports) }));
        match router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
