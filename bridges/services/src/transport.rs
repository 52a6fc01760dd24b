//! A worker thread's HTTP client, with its pool of connections for each target.

use crate::cache::ResponseCache;
use crate::config::ServicesConfig;
use crate::error::{InvalidTarget, ServicesError};
use crate::message::{Answer, Outgoing};
use crate::outside::Outside;
use crate::target::Target;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mcsp_guard::{Clock, MonotonicClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Within a data centre a connection takes a millisecond; what takes this long is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Below the keep-alive of common servers, so that they are seldom first to close.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const POOL_MAX_IDLE_PER_TARGET: usize = 32;

/// To be used on one runtime: its connections are driven by tasks there.
#[derive(Debug)]
pub struct Transport {
    client: Client<HttpConnector, Full<Bytes>>,
    targets: BTreeMap<String, Target>,
    pub(crate) cache: Arc<ResponseCache>,
    clock: Arc<dyn Clock>,
}

impl Transport {
    /// A client for the configured targets. `cache` is the same for all worker threads.
    pub fn new(config: &ServicesConfig, cache: Arc<ResponseCache>) -> Result<Self, InvalidTarget> {
        Self::with_clock(config, cache, Arc::new(MonotonicClock::default()))
    }

    /// As [`Transport::new`], with the age of answers on a clock of the caller's. Transports that share a
    /// cache must share the clock.
    pub fn with_clock(
        config: &ServicesConfig,
        cache: Arc<ResponseCache>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidTarget> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_MAX_IDLE_PER_TARGET)
            .build(connector);
        let targets = config.targets.iter();
        let targets: Result<_, _> =
            targets.map(|(name, target)| Ok((name.clone(), Target::new(name, target)?))).collect();
        Ok(Transport { client, targets: targets?, cache, clock })
    }

    pub(crate) fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(name)
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Sends the request once and reads the whole answer.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Answer, ServicesError> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = outgoing.uri.clone();
        *request.headers_mut() = outgoing.headers.clone();
        let response = match &outgoing.outside {
            None => self.client.request(request).await.map_err(|_| ServicesError::Unreachable),
            Some(outside) => outside.client.request(request).await.map_err(|error| Outside::failure(&error)),
        }?;
        let (parts, body) = response.into_parts();
        // What the answer says of its length, where a body follows: what is too long is not waited for.
        if body.size_hint().lower() > outgoing.max_response_bytes as u64 {
            return Err(ServicesError::ResponseTooLarge);
        }
        let body = Limited::new(body, outgoing.max_response_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                ServicesError::ResponseTooLarge
            } else {
                ServicesError::Unreachable
            }
        })?;
        Ok(Answer::new(parts.status, parts.headers, body.to_bytes()))
    }
}
