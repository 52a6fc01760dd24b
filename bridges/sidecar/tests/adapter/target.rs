//! A service that components call.

use crate::kafka::PATIENCE;
use axum::Router;
use axum::body::Bytes;
use axum::routing::{any, post};
use http::{HeaderMap, Method, StatusCode};
use mcsp_bridge_api::services::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Tells what it was asked, and holds back its answer below `/gate`.
pub struct Target {
    pub address: SocketAddr,
    entered: Arc<Semaphore>,
    passes: Arc<Semaphore>,
}

impl Target {
    pub async fn start() -> Self {
        let (entered, passes) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            address: listener.local_addr().unwrap(),
            entered: Arc::clone(&entered),
            passes: Arc::clone(&passes),
        };
        let gate = || async move {
            entered.add_permits(1);
            passes.acquire().await.unwrap().forget();
            "passed"
        };
        let router = Router::new().route("/echo", any(echo)).route("/gate", post(gate));
        tokio::spawn(async move { axum::serve(listener, router).await });
        target
    }

    /// Waits until a call is held back.
    pub async fn entered(&self) {
        let entered = tokio::time::timeout(PATIENCE, self.entered.acquire()).await;
        entered.expect("no call is held back").unwrap().forget();
    }

    pub fn let_pass(&self) {
        self.passes.add_permits(1);
    }
}

/// A call that is held back. As a GET it would share its answer with others of its kind.
pub fn gate() -> Request {
    Request {
        target: "echo".to_owned(),
        method: "POST".to_owned(),
        path: "/gate".to_owned(),
        headers: vec![],
        body: vec![],
        idempotent: false,
        deadline_ms: None,
    }
}

async fn echo(method: Method, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap, Bytes) {
    let mut told = HeaderMap::new();
    told.insert("x-method", method.as_str().parse().unwrap());
    if let Some(word) = headers.get("x-word") {
        told.insert("x-word", word.clone());
    }
    (StatusCode::IM_A_TEAPOT, told, body)
}
