//! A component, and requests to it.

use crate::{BRIDGE_TOKEN, Testbed};
use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use mcsp_bridge::delivery_request;
use mcsp_function::{Context, Endpoint, MissingVariable};
use mcsp_kafka::CloudEvent;
use serde_json::Value;

/// Deliveries after which an event that is not taken fails the test.
const DELIVERIES_MAX: usize = 20;

/// What every endpoint crate has under the name `router`.
pub type MakeRouter = fn(&Context) -> Result<Router<Context>, MissingVariable>;

/// A component's router, as it is served.
pub struct Component {
    endpoint: Endpoint,
    events_path: Option<String>,
}

/// What a component answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Null where there is no body, or none of JSON.
    pub json: Value,
    /// The body.
    pub text: String,
}

impl Testbed {
    /// A component of `spin.toml`.
    pub fn component(&self, id: &str, router: MakeRouter) -> Component {
        let context = self.context(id);
        Component {
            endpoint: Endpoint::new(router(&context).unwrap(), context).unwrap(),
            events_path: self.grants(id).events_path.clone(),
        }
    }
}

impl Component {
    /// Sends a request: a method and a path, headers such as `("if-match", "\"1\"")`, a body of JSON.
    pub async fn send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let json = body.is_some().then_some(("content-type", "application/json"));
        let headers: Vec<_> = headers.iter().copied().chain(json).collect();
        let body = body.map(|json| json.to_string()).unwrap_or_default();
        self.send_body((method, path), &headers, Full::from(body)).await
    }

    /// Sends a request with any body.
    pub async fn send_body<B>(&self, (method, path): (&str, &str), headers: &[(&str, &str)], body: B) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::read(self.endpoint.answer(request.body(body).unwrap()).await).await
    }

    /// Sends a form, as browsers and OAuth clients do.
    pub async fn send_form(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let is_form = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([is_form]).collect();
        self.send_body(("POST", path), &headers, Full::from(form.to_owned())).await
    }

    /// Delivers an event as the bridge does, once.
    pub async fn deliver(&self, event_id: &str, kind: &str, data: &Value) -> Reply {
        let path = self.events_path.as_deref().expect("spin.toml gives the component no `events_path`");
        let event = CloudEvent {
            topic: "testbed".into(),
            partition: 0,
            offset: 0,
            key: None,
            id: event_id.to_owned(),
            type_: kind.to_owned(),
            source: "/mcsp/testbed".into(),
            time: None,
            subject: None,
            traceparent: None,
            tracestate: None,
            content_type: None,
            data: data.to_string().into_bytes(),
        };
        let request = delivery_request(path, BRIDGE_TOKEN, &event).unwrap();
        Reply::read(self.endpoint.answer(request.map(Full::new)).await).await
    }

    /// Delivers an event until it is taken, as the bridge does where the answer is a conflict.
    pub async fn deliver_until_taken(&self, event_id: &str, kind: &str, data: &Value) {
        for _ in 0..DELIVERIES_MAX {
            match self.deliver(event_id, kind, data).await.status {
                204 => return,
                409 => {}
                other => panic!("{kind}: {other}"),
            }
        }
        panic!("{kind} was not taken in {DELIVERIES_MAX} deliveries");
    }
}

impl Reply {
    /// The problem's code, or nothing where the reply is no problem.
    pub fn code(&self) -> &str {
        self.json.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&body).into_owned();
        Reply { status: parts.status.as_u16(), headers: parts.headers, json, text }
    }
}
