//! A span while it lasts.

use crate::context::SpanContext;
use crate::tracer::Inner;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span as Record, Status};
use std::sync::Arc;
use std::time::Instant;

pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind as Kind;

/// Texts are no longer than this; statements are the longest.
const TEXT_MAX_BYTES: usize = 2_048;

/// A piece of work, from when it was begun until it is dropped. One that is not recorded still knows for which span it is
/// done.
#[must_use = "a span lasts until it is dropped"]
#[derive(Debug, Default)]
pub struct Span {
    pub(crate) context: Option<SpanContext>,
    pub(crate) recording: Option<Box<Recording>>,
}

#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) tracer: Arc<Inner>,
    pub(crate) service: Arc<str>,
    pub(crate) begun: Instant,
    pub(crate) record: Record,
}

impl Span {
    /// What those are told that are asked for its sake. None where no span was ever begun.
    pub fn context(&self) -> Option<SpanContext> {
        self.context.clone()
    }

    /// Whether anything that is said of it is kept.
    pub fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    /// Says something of it. Nothing that may be somebody's, such as a value, a path or a key.
    pub fn text(&mut self, key: &str, value: &str) {
        self.set(key, || Value::StringValue(cut(value).to_owned()));
    }

    /// Says a number of it.
    pub fn number(&mut self, key: &str, value: impl TryInto<i64>) {
        self.set(key, || Value::IntValue(value.try_into().unwrap_or(i64::MAX)));
    }

    /// Says whether something is so.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.set(key, || Value::BoolValue(value));
    }

    /// It has failed, for a reason that has a name.
    pub fn fail(&mut self, error_type: &str) {
        self.text("error.type", error_type);
        if let Some(recording) = &mut self.recording {
            recording.record.status = Some(Status { code: StatusCode::Error.into(), ..Status::default() });
        }
    }

    fn set(&mut self, key: &str, value: impl FnOnce() -> Value) {
        if let Some(recording) = &mut self.recording {
            recording.record.attributes.push(attribute(key, value()));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            let Recording { tracer, service, begun, mut record } = *recording;
            let lasted = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            record.end_time_unix_nano = record.start_time_unix_nano.saturating_add(lasted);
            tracer.queue.put(service, record);
        }
    }
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_MAX_BYTES)).unwrap_or_default()
}
