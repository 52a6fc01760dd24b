//! An event on its way to a component: CloudEvents 1.0, HTTP binary mode
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>).

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use mcsp_kafka::{CloudEvent, Deliver, Delivery};
use mcsp_traces::{Received, Span, TraceState, Tracer, process};
use std::collections::BTreeMap;
use std::sync::Arc;

/// With this header a component says that it is not the event that fails: `mcsp_events::waits`.
const WAITS_FOR: &str = "mcsp-waits-for";
/// A dead letter's cause is no longer than this.
const CAUSE_MAX_CHARS: usize = 500;

/// Brings a request to a component: within the process, or over HTTP.
#[async_trait]
pub trait Invoke: Send + Sync + 'static {
    /// Any answer; failures to bring it there are answers of 5xx.
    async fn invoke(&self, component: &str, request: Request<Bytes>) -> Response<Bytes>;
}

/// Delivers to components through their events routes, and reads from the answer what becomes of the event.
pub(crate) struct ByRequest {
    pub(crate) invoke: Arc<dyn Invoke>,
    pub(crate) token: String,
    /// By component.
    pub(crate) receivers: BTreeMap<String, Receiver>,
    pub(crate) tracer: Tracer,
}

/// A component that takes events.
pub(crate) struct Receiver {
    /// Where it takes them.
    pub(crate) path: String,
    pub(crate) service: Arc<str>,
}

#[async_trait]
impl Deliver for ByRequest {
    async fn deliver(&self, component: &str, event: &CloudEvent) -> Delivery {
        let Some(receiver) = self.receivers.get(component) else {
            return Delivery::Reject { cause: "the component takes no events".to_owned() };
        };
        let mut request = match delivery_request(&receiver.path, &self.token, event) {
            Ok(request) => request,
            Err(error) => return Delivery::Reject { cause: format!("unsendable: {error}") },
        };
        let mut span = self.begin(receiver, component, event);
        if let Some(context) = span.context() {
            context.put(request.headers_mut());
        }
        let response = self.invoke.invoke(component, request).await;
        if !response.status().is_success() {
            span.fail(response.status().as_str());
        }
        outcome(&response)
    }
}

/// What becomes of an event that was answered so.
fn outcome(response: &Response<Bytes>) -> Delivery {
    match response.status() {
        status if status.is_success() => Delivery::Done,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Delivery::Reject { cause: cause_of(response) }
        }
        status if status.is_server_error() && response.headers().contains_key(WAITS_FOR) => {
            Delivery::Wait { cause: cause_of(response) }
        }
        _ => Delivery::Retry { cause: cause_of(response) },
    }
}

impl ByRequest {
    fn begin(&self, receiver: &Receiver, component: &str, event: &CloudEvent) -> Span {
        let is_timer = event.topic == mcsp_timers::TOPIC;
        let mut span = process(
            &self.tracer,
            &receiver.service,
            Received {
                system: if is_timer { "mcsp_timers" } else { "kafka" },
                topic: Some(&event.topic),
                component,
                traceparent: event.traceparent.as_deref(),
                tracestate: event.tracestate.as_deref(),
            },
        );
        // The id of a timer's event may name what it is about.
        if !is_timer && span.is_recorded() {
            span.text("messaging.message.id", &event.id);
            span.text("messaging.destination.partition.id", &event.partition.to_string());
            span.number("messaging.kafka.offset", event.offset);
        }
        span
    }
}

/// The request that carries an event. Attributes that are no header values make it fail.
pub fn delivery_request(path: &str, token: &str, event: &CloudEvent) -> Result<Request<Bytes>, http::Error> {
    let mut request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, event.content_type.as_deref().unwrap_or("application/json"))
        .header("ce-specversion", "1.0")
        .header("ce-id", &event.id)
        .header("ce-type", &event.type_)
        .header("ce-source", &event.source)
        .header("ce-mcsptopic", &event.topic);
    for (name, value) in
        [("ce-time", &event.time), ("ce-subject", &event.subject), ("traceparent", &event.traceparent)]
    {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let mut request = request.body(Bytes::from(event.data.clone()))?;
    // What is not valid is no reason to refuse the event.
    let state = event.tracestate.as_deref().and_then(TraceState::parse);
    TraceState::put(state.as_ref(), request.headers_mut());
    Ok(request)
}

/// The status and the problem's code: enough to find the cause, and nothing personal.
fn cause_of(response: &Response<Bytes>) -> String {
    #[derive(serde::Deserialize)]
    struct Document {
        code: String,
        #[serde(default)]
        detail: String,
    }
    let status = response.status().as_u16();
    let cause = match serde_json::from_slice::<Document>(response.body()) {
        Ok(Document { code, detail }) if detail.is_empty() => format!("{status} {code}"),
        Ok(Document { code, detail }) => format!("{status} {code}: {detail}"),
        Err(_) => status.to_string(),
    };
    cause.chars().take(CAUSE_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[test]
    fn a_cause_names_status_code_and_detail() {
        assert_eq!(
            cause_of(&answer(422, r#"{"code":"malformed_event","detail":"at line 1"}"#)),
            "422 malformed_event: at line 1"
        );
        assert_eq!(cause_of(&answer(503, r#"{"code":"overloaded"}"#)), "503 overloaded");
        assert_eq!(cause_of(&answer(502, "<html>")), "502");
    }

    #[test]
    fn only_what_says_that_it_waits_is_waited_for() {
        let waiting = |status| {
            let mut answer = answer(status, "");
            answer.headers_mut().insert(WAITS_FOR, http::HeaderValue::from_static("store"));
            outcome(&answer)
        };
        let cause = |status: u16| status.to_string();
        assert_eq!(waiting(503), Delivery::Wait { cause: cause(503) });
        assert_eq!(waiting(504), Delivery::Wait { cause: cause(504) });
        assert_eq!(waiting(422), Delivery::Reject { cause: cause(422) });
        assert_eq!(waiting(409), Delivery::Retry { cause: cause(409) });
        assert_eq!(waiting(204), Delivery::Done);
        for status in [500, 503, 504] {
            assert_eq!(outcome(&answer(status, "")), Delivery::Retry { cause: cause(status) });
        }
    }
}
