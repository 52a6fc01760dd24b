//! Events from outside: a Knative source brings them, and cannot show the platform's token. They are handed on with it.
//!
//! The answers are the consumers': a success, 400 or 422 for what can never be applied, and 503 for all that is to come
//! again, so that a source with a dead-letter sink buries what a consumer would, and nothing else.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header};
use mcsp_bridge::Invoke;
use mcsp_manifest::Manifest;
use mcsp_traces::{Received, TRACEPARENT, TRACESTATE, TraceState, Tracer, process};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Longer than any event can be.
const EVENT_MAX_BYTES: usize = 1 << 20;
/// Deliveries under way; more are to come again.
const DELIVERIES_MAX: usize = 256;

const ATTRIBUTE_PREFIX: &str = "ce-";
/// What the event was committed with. A source's own trace is another one.
const TRACE_OF_EVENT: &str = "ce-traceparent";
/// What vendors say of it.
const STATE_OF_EVENT: &str = "ce-tracestate";

/// Takes events for components.
pub(crate) struct Gateway {
    /// By events path.
    receivers: HashMap<String, Receiver>,
    invoke: Arc<dyn Invoke>,
    token: String,
    places: Semaphore,
    tracer: Tracer,
}

/// A component that takes events.
struct Receiver {
    component: String,
    service: Arc<str>,
}

impl Gateway {
    pub(crate) fn new(manifest: &Manifest, invoke: Arc<dyn Invoke>, token: String, tracer: Tracer) -> Self {
        let receivers = manifest.components.values().filter_map(|component| {
            let grants = &component.settings.grants;
            let path = grants.events_path.clone().filter(|_| !grants.consumes.is_empty())?;
            let (id, service) = (component.id.clone(), component.service().into());
            Some((path, Receiver { component: id, service }))
        });
        let receivers = receivers.collect();
        Gateway { receivers, invoke, token, places: Semaphore::new(DELIVERIES_MAX), tracer }
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/events/{*rest}", post(take))
            .layer(DefaultBodyLimit::max(EVENT_MAX_BYTES))
            .with_state(Arc::new(self))
    }
}

async fn take(State(gateway): State<Arc<Gateway>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let Some(Receiver { component, service }) = gateway.receivers.get(uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(_place) = gateway.places.try_acquire() else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let Ok(mut request) = handed_on(uri.path(), &gateway.token, &headers, body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let told = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (traceparent, tracestate) = (told(TRACEPARENT), told(TRACESTATE));
    // The source knows the topic, and does not say it.
    let received = Received { system: "kafka", topic: None, component, traceparent, tracestate };
    let mut span = process(&gateway.tracer, service, received);
    if let Some(context) = span.context() {
        context.put(request.headers_mut());
    }
    let (head, body) = gateway.invoke.invoke(component, request).await.into_parts();
    if !head.status.is_success() {
        span.fail(head.status.as_str());
    }
    let status = match head.status {
        status if status.is_success() => return StatusCode::NO_CONTENT.into_response(),
        status @ (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => status,
        status => {
            tracing::debug!(component, %status, "an event is to come again");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let content_type = head.headers.get(header::CONTENT_TYPE).cloned();
    (status, content_type.map(|kind| [(header::CONTENT_TYPE, kind)]), body).into_response()
}

/// The event alone, whatever else its source says of itself.
fn handed_on(
    path: &str,
    token: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Request<Bytes>, http::Error> {
    let mut request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let attributes = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with(ATTRIBUTE_PREFIX) || *name == header::CONTENT_TYPE);
    for (name, value) in attributes {
        request = request.header(name, value);
    }
    let mut request = request.body(body)?;
    let (trace, state) = match headers.get(TRACE_OF_EVENT) {
        Some(trace) => {
            let state = headers.get(STATE_OF_EVENT).and_then(|state| TraceState::parse(state.to_str().ok()?));
            (Some(trace), state)
        }
        None => (headers.get(TRACEPARENT), TraceState::of(headers)),
    };
    if let Some(trace) = trace {
        request.headers_mut().insert(TRACEPARENT, trace.clone());
        TraceState::put(state.as_ref(), request.headers_mut());
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn the_event_is_handed_on_with_its_own_trace_and_the_platforms_token() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ce-id", "event_1"),
            ("ce-traceparent", "00-a"),
            ("traceparent", "00-b"),
            ("tracestate", "of=the-source"),
            ("authorization", "Bearer forged"),
            ("content-type", "application/json"),
            ("x-forwarded-for", "192.0.2.1"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let request = handed_on("/events/x", "token", &headers, Bytes::from("{}")).unwrap();
        let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "ce-id", "ce-traceparent", "content-type", "traceparent"]);
        assert_eq!(request.headers()["authorization"], "Bearer token");
        assert_eq!(request.headers()["traceparent"], "00-a");
        headers.insert("ce-tracestate", "of=the-event".parse().unwrap());
        let request = handed_on("/events/x", "token", &headers, Bytes::new()).unwrap();
        assert_eq!(request.headers()["tracestate"], "of=the-event");
        headers.remove("ce-traceparent");
        let request = handed_on("/events/x", "token", &headers, Bytes::new()).unwrap();
        assert_eq!(request.headers()["traceparent"], "00-b");
        assert_eq!(request.headers()["tracestate"], "of=the-source");
    }
}
