//! Events on their way to components in another process: HTTP on loopback.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcsp_bridge::Invoke;
use std::time::Duration;

/// What is read of an answer: a problem document is far smaller.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long a component may take. Consumers have a bound of their own; this one closes the connection.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Reaches components by HTTP.
pub(crate) struct OverHttp {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl OverHttp {
    /// `base` is where all components are: `http://127.0.0.1:3000`.
    pub(crate) fn new(base: String) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        OverHttp { base, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    async fn send(&self, mut request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        *request.uri_mut() =
            format!("{}{}", self.base.trim_end_matches('/'), request.uri()).parse::<Uri>()?;
        let answered = self.client.request(request.map(Full::new));
        let (head, body) = tokio::time::timeout(ANSWER_TIMEOUT, answered).await??.into_parts();
        let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await.map_err(|e| anyhow::anyhow!(e))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

#[async_trait]
impl Invoke for OverHttp {
    async fn invoke(&self, component: &str, request: Request<Bytes>) -> Response<Bytes> {
        self.send(request).await.unwrap_or_else(|error| {
            tracing::debug!(component, %error, "the component cannot be reached");
            let mut unreachable = Response::new(Bytes::new());
            *unreachable.status_mut() = StatusCode::BAD_GATEWAY;
            unreachable
        })
    }
}
