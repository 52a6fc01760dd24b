//! Events on their way to components in another process, over HTTP.

use anyhow::Context;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcsp_bridge::Invoke;
use mcsp_manifest::{Component, Manifest};
use std::collections::HashMap;
use std::time::Duration;

/// What is read of an answer: a problem document is far smaller.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long a component may take. Consumers have a bound of their own; this one closes the connection.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Stands for the name of a component's service.
const SERVICE_PLACE: &str = "{service}";

/// Reaches components by HTTP.
pub(crate) struct OverHttp {
    /// Where each component is, without a trailing slash.
    bases: HashMap<String, String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl OverHttp {
    /// `url` is where components are: `http://127.0.0.1:3000`, or `http://{service}` where each service is elsewhere.
    pub(crate) fn new(url: &str, manifest: &Manifest) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let base = |component: &Component| {
            let service = component.settings.grants.service.as_deref().unwrap_or_default();
            url.trim_end_matches('/').replace(SERVICE_PLACE, service)
        };
        let bases = manifest.components.values().map(|component| (component.id.clone(), base(component)));
        OverHttp { bases: bases.collect(), client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    async fn send(&self, component: &str, mut request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let base = self.bases.get(component).context("the manifest has no such component")?;
        *request.uri_mut() = format!("{base}{}", request.uri()).parse::<Uri>()?;
        let answered = self.client.request(request.map(Full::new));
        let (head, body) = tokio::time::timeout(ANSWER_TIMEOUT, answered).await??.into_parts();
        let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await.map_err(|e| anyhow::anyhow!(e))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

#[async_trait]
impl Invoke for OverHttp {
    async fn invoke(&self, component: &str, request: Request<Bytes>) -> Response<Bytes> {
        self.send(component, request).await.unwrap_or_else(|error| {
            tracing::debug!(component, %error, "the component cannot be reached");
            let mut unreachable = Response::new(Bytes::new());
            *unreachable.status_mut() = StatusCode::BAD_GATEWAY;
            unreachable
        })
    }
}
