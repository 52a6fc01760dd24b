//! Events as Kafka records and back: CloudEvents 1.0, Kafka protocol binding, binary mode
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>).

use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use rdkafka::producer::FutureRecord;

const SPEC_VERSION: &str = "1.0";
const JSON: &str = "application/json";
/// Headers of one event.
const HEADERS: usize = 9;

/// An event as a consumer gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent {
    /// Where it was read.
    pub topic: String,
    /// Where it was read.
    pub partition: i32,
    /// Where it was read.
    pub offset: i64,
    /// The record's key: the id of the aggregate.
    pub key: Option<String>,
    /// `ce_id`
    pub id: String,
    /// `ce_type`
    pub type_: String,
    /// `ce_source`
    pub source: String,
    /// `ce_time`, RFC 3339.
    pub time: Option<String>,
    /// `ce_subject`
    pub subject: Option<String>,
    /// `ce_traceparent`, W3C Trace Context.
    pub traceparent: Option<String>,
    /// `ce_tracestate`, W3C Trace Context.
    pub tracestate: Option<String>,
    /// `content-type`
    pub content_type: Option<String>,
    /// The body.
    pub data: Vec<u8>,
}

/// A record, owned.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    pub(crate) fn of(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect()
        });
        Record {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }

    /// The last header of this name, where it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rev().find(|(key, _)| key == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// Reads the event, or says what is wrong with it.
    pub(crate) fn event(&self) -> Result<CloudEvent, &'static str> {
        let mandatory = |name, missing| self.header(name).filter(|value| !value.is_empty()).ok_or(missing);
        let optional = |name| self.header(name).map(str::to_owned);
        if mandatory("ce_specversion", "malformed: no ce_specversion")? != SPEC_VERSION {
            return Err("malformed: unknown ce_specversion");
        }
        let key = self.key.clone().map(String::from_utf8).transpose();
        Ok(CloudEvent {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
            key: key.map_err(|_| "malformed: key is not UTF-8")?,
            id: mandatory("ce_id", "malformed: no ce_id")?.to_owned(),
            type_: mandatory("ce_type", "malformed: no ce_type")?.to_owned(),
            source: mandatory("ce_source", "malformed: no ce_source")?.to_owned(),
            time: optional("ce_time"),
            subject: optional("ce_subject"),
            traceparent: optional("ce_traceparent"),
            tracestate: optional("ce_tracestate"),
            content_type: optional("content-type"),
            data: self.payload.clone().unwrap_or_default(),
        })
    }

    pub(crate) fn to<'a>(&'a self, topic: &'a str) -> FutureRecord<'a, [u8], [u8]> {
        let headers = OwnedHeaders::new_with_capacity(self.headers.len());
        let headers = self
            .headers
            .iter()
            .fold(headers, |all, (key, value)| all.insert(Header { key, value: value.as_deref() }));
        let mut record = FutureRecord::to(topic).headers(headers);
        record.key = self.key.as_deref();
        record.payload = self.payload.as_deref();
        record
    }
}

/// An event on its way out.
pub(crate) fn record_of(event: &Event) -> FutureRecord<'_, str, [u8]> {
    let time = Timestamp::from_microsecond(event.time_us).map(|time| time.to_string()).ok();
    let mandatory = [
        ("ce_id", event.id.as_str()),
        ("ce_type", &event.type_),
        ("ce_source", &event.source),
        ("ce_specversion", SPEC_VERSION),
        ("ce_subject", &event.key),
        ("content-type", JSON),
    ];
    let optional = [
        ("ce_time", time.as_deref()),
        ("ce_traceparent", event.traceparent.as_deref()),
        ("ce_tracestate", event.tracestate.as_deref()),
    ];
    let optional = optional.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
    let headers = OwnedHeaders::new_with_capacity(HEADERS);
    let headers = mandatory
        .into_iter()
        .chain(optional)
        .fold(headers, |all, (key, value)| all.insert(Header { key, value: Some(value) }));
    FutureRecord::to(&event.topic).key(event.key.as_str()).payload(event.data.as_slice()).headers(headers)
}
