//! Requests and responses, between the bridge's types and those of `http`.

use crate::error::ServicesError;
use crate::outside::Outside;
use crate::target::{Target, strip_connection_headers};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use mcsp_bridge_api::services;
use std::sync::Arc;
use std::time::Duration;

/// A request that has passed its checks.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub method: Method,
    pub uri: Uri,
    /// The way to an address outside.
    pub outside: Option<Arc<Outside>>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub idempotent: bool,
    pub deadline: Duration,
    pub max_response_bytes: usize,
}

/// An answer with its body read.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Outgoing {
    pub fn new(request: services::Request, target: &Target) -> Result<Self, ServicesError> {
        if request.body.len() > target.max_request_bytes {
            return Err(ServicesError::Refused("request-too-large"));
        }
        let method: Method =
            request.method.parse().map_err(|_| ServicesError::Refused("malformed-method"))?;
        if method == Method::CONNECT {
            return Err(ServicesError::Refused("malformed-method"));
        }
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(ServicesError::Refused("malformed-header"));
            };
            headers.append(name, value);
        }
        target.strip_request(&mut headers);
        let own = target.deadline + sending_time(request.body.len());
        let asked = request.deadline_ms.map(|deadline_ms| Duration::from_millis(u64::from(deadline_ms)));
        Ok(Outgoing {
            method,
            uri: target.uri(&request.path)?,
            outside: target.outside().cloned(),
            headers,
            body: Bytes::from(request.body),
            idempotent: request.idempotent,
            deadline: asked.map_or(own, |asked| asked.min(own)),
            max_response_bytes: target.max_response_bytes,
        })
    }
}

/// What a body may take to be sent: a second for each whole MiB.
fn sending_time(bytes: usize) -> Duration {
    Duration::from_secs((bytes >> 20) as u64)
}

impl Answer {
    pub fn new(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Self {
        strip_connection_headers(&mut headers);
        Answer { status, headers, body }
    }

    /// Bytes that the answer takes in the cache, near enough.
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        headers + self.body.len()
    }

    /// Header values that are no text are left out: the bridge's headers are text.
    pub fn into_response(self, stale_ms: u64) -> services::Response {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        services::Response {
            status: self.status.as_u16(),
            headers: self.headers.iter().filter_map(text).collect(),
            body: self.body.into(),
            stale_ms,
        }
    }
}
