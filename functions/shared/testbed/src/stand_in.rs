//! Other services, as far as a test needs them.

use axum::Router;
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// Serves a stand-in over HTTP on a free port of loopback for as long as the test's runtime lives, and gives
/// its base URL: a value for [`Setup::targets`](crate::Setup::targets).
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                // A client that goes away ends its connection with an error.
                http.serve_connection(TokioIo::new(stream), service).await.ok();
            });
        }
    });
    url
}

/// Auth, as far as all components need it: its published keys.
pub(crate) fn auth(key_set: String) -> Router {
    Router::new().route("/.well-known/jwks.json", get(|| async move { key_set }))
}
