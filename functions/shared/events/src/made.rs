//! Making events.

use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::EventId;
use serde::Serialize;
use std::fmt::Display;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub struct Emission<'a, K, D> {
    /// `media.published`
    pub topic: &'a str,
    /// The producing service: `content`.
    pub service: &'a str,
    /// `video.published`: becomes the type `mcsp.content.video.published.v1`.
    pub happened: &'a str,
    /// The aggregate's id. Events of one key stay in order.
    pub key: K,
    /// The aggregate's new state, with its version. No personal data beyond ids.
    pub data: D,
}

/// Makes the event, for `transact` or `publish`.
pub fn emit<K: Display, D: Serialize>(
    context: &Context,
    trace: &TraceParent,
    at: Timestamp,
    emission: Emission<'_, K, D>,
) -> Event {
    let Emission { topic, service, happened, key, data } = emission;
    let id: EventId = context.new_id();
    Event {
        topic: topic.to_owned(),
        key: key.to_string(),
        id: id.to_string(),
        type_: type_of(service, happened),
        source: source_of(service),
        time_us: at.as_microsecond(),
        traceparent: Some(trace.to_string()),
        tracestate: trace.state().map(str::to_owned),
        // Event states are plain structs with string keys: serialization has nothing to fail at.
        data: serde_json::to_vec(&data).unwrap_or_default(),
    }
}

/// The CloudEvents type.
pub(crate) fn type_of(service: &str, happened: &str) -> String {
    format!("mcsp.{service}.{happened}.v1")
}

/// The CloudEvents source.
pub(crate) fn source_of(service: &str) -> String {
    format!("/mcsp/{service}")
}
