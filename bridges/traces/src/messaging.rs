//! Spans of events, as OpenTelemetry's conventions for messaging have them. Keys are not told: they are ids of somebody's.

use crate::context::SpanContext;
use crate::span::{Kind, Span};
use crate::tracer::Tracer;
use std::sync::Arc;

/// Begins to send an event to Kafka, and has the event say so: who receives it goes on with this span.
pub fn send(
    tracer: &Tracer,
    service: &Arc<str>,
    (topic, event_id): (&str, &str),
    (traceparent, tracestate): (&mut Option<String>, Option<&str>),
) -> Span {
    if !tracer.is_on() {
        return Span::default();
    }
    let parent = traceparent.as_deref().and_then(SpanContext::parse);
    let parent = parent.map(|parent| parent.with_state(tracestate));
    let mut span = tracer.span(Kind::Producer, service, parent, || format!("send {topic}"));
    span.text("messaging.system", "kafka");
    span.text("messaging.operation.name", "send");
    span.text("messaging.operation.type", "send");
    span.text("messaging.destination.name", topic);
    span.text("messaging.message.id", event_id);
    if let Some(context) = span.context() {
        *traceparent = Some(context.to_string());
    }
    span
}

/// An event that is received.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Where it was waiting: `kafka`, or another name.
    pub system: &'a str,
    /// The topic, where it is known.
    pub topic: Option<&'a str>,
    /// Who receives it.
    pub component: &'a str,
    /// What it says of the span that sent it.
    pub traceparent: Option<&'a str>,
    /// What vendors say of its trace.
    pub tracestate: Option<&'a str>,
}

/// Begins to have a component take an event: one span each time that it is delivered, for the span that sent it.
pub fn process(tracer: &Tracer, service: &Arc<str>, received: Received<'_>) -> Span {
    if !tracer.is_on() {
        return Span::default();
    }
    let Received { system, topic, component, traceparent, tracestate } = received;
    let parent = traceparent.and_then(SpanContext::parse).map(|parent| parent.with_state(tracestate));
    let name = || format!("process {}", topic.unwrap_or(component));
    let mut span = tracer.span(Kind::Consumer, service, parent, name);
    span.text("messaging.system", system);
    span.text("messaging.operation.name", "process");
    span.text("messaging.operation.type", "process");
    span.text("messaging.consumer.group.name", component);
    if let Some(topic) = topic {
        span.text("messaging.destination.name", topic);
    }
    span
}
