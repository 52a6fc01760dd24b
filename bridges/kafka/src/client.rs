//! The producers of a process, in order per key: one for what is waited for, and one for signals.

use crate::config::KafkaConfig;
use crate::error::KafkaFault;
use crate::record::{Record, record_of};
use futures::future::{join, join_all};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::kafka::{Acknowledgement, Event, MAX_EVENT_BYTES};
use mcsp_guard::{CallKind, Guard, Verdict};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{
    BaseRecord, DefaultProducerContext, FutureProducer, FutureRecord, Producer as _, ThreadedProducer,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Events of one `publish`.
pub const MAX_BATCH: usize = 1_000;

/// Time for the brokers to tell of a topic.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);

/// Publishes. Cheap to clone; all clones share their queues and connections.
#[derive(Clone)]
pub struct Producer {
    inner: FutureProducer,
    /// For signals, whose publication nobody waits for. They are gathered for longer: sent as promptly as the
    /// rest, each few would cost a request to the broker and its acknowledgement.
    signals: Signals,
    deadline: Duration,
    counts: Arc<Counts>,
}

type Signals = Arc<ThreadedProducer<DefaultProducerContext>>;

#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

/// What the producer has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerCounts {
    /// Records that wait in this process.
    pub queued: u64,
    /// Records that all in-sync replicas have, of those that were waited for.
    pub acknowledged_total: u64,
    /// Records that Kafka did not take, of those that were waited for.
    pub failed_total: u64,
    /// Records that found the queue full, or are not such as Kafka takes.
    pub refused_total: u64,
}

impl Producer {
    /// Connects in the background.
    pub fn new(config: &KafkaConfig) -> Result<Self, KafkaFault> {
        Ok(Producer {
            inner: config.producer().create().map_err(KafkaFault::Configuration)?,
            signals: Arc::new(config.signals().create().map_err(KafkaFault::Configuration)?),
            deadline: Duration::from_millis(config.deadline_ms),
            counts: Arc::default(),
        })
    }

    /// Publishes signals, as `wit/kafka.wit` says. `enqueued` does no I/O; `replicated` goes through the
    /// guard.
    pub async fn publish(
        &self,
        guard: &Guard,
        events: Vec<Event>,
        acknowledgement: Acknowledgement,
    ) -> Result<(), Failure> {
        if events.len() > MAX_BATCH {
            return Err(Failure::Refused("too-many-events".to_owned()));
        }
        if events.iter().any(|event| event.bytes() > MAX_EVENT_BYTES) {
            return Err(Failure::Refused("event-too-large".to_owned()));
        }
        match acknowledgement {
            Acknowledgement::Enqueued => {
                for event in &events {
                    self.signal(event)?;
                }
                Ok(())
            }
            Acknowledgement::Replicated => {
                let kind = CallKind { idempotent: false, deadline: self.deadline };
                guard
                    .call(kind, verdict, || self.replicate(&events))
                    .await
                    .map_err(|error| error.into_failure(Failure::from))
            }
        }
    }

    /// Queues one event, in order after those of its key that were queued before. No I/O. What was queued
    /// does not time out: the caller bounds its own wait for [`Publication::settle`].
    pub fn enqueue(&self, event: &Event) -> Result<Publication, KafkaFault> {
        let queued = self.inner.send_result(record_of(event)).map_err(|(error, _)| KafkaFault::from(error));
        let delivery = self.count_refusal(queued)?;
        Ok(Publication { delivery, counts: Arc::clone(&self.counts) })
    }

    fn signal(&self, event: &Event) -> Result<(), KafkaFault> {
        let FutureRecord { topic, partition, payload, key, timestamp, headers } = record_of(event);
        let record = BaseRecord { topic, partition, payload, key, timestamp, headers, delivery_opaque: () };
        self.count_refusal(self.signals.send(record).map_err(|(error, _)| KafkaFault::from(error)))
    }

    /// Asks the brokers whether a topic is there. To find out by publishing takes as long as a new topic may
    /// take to be known everywhere.
    pub async fn has_topic(&self, topic: &str) -> Result<bool, KafkaFault> {
        let (producer, name) = (self.inner.clone(), topic.to_owned());
        let ask = move || producer.client().fetch_metadata(Some(&name), METADATA_TIMEOUT);
        let metadata = tokio::task::spawn_blocking(ask).await.map_err(|_| KafkaFault::Stopped)??;
        Ok(metadata.topics().iter().any(|found| found.name() == topic && found.error().is_none()))
    }

    /// What the producer has done.
    pub fn counts(&self) -> ProducerCounts {
        ProducerCounts {
            queued: waiting(self.inner.in_flight_count()) + waiting(self.signals.in_flight_count()),
            acknowledged_total: self.counts.acknowledged.load(Ordering::Relaxed),
            failed_total: self.counts.failed.load(Ordering::Relaxed),
            refused_total: self.counts.refused.load(Ordering::Relaxed),
        }
    }

    /// Waits until the queues are empty, for a stop. False where `at_most` was not enough.
    pub async fn flush(&self, at_most: Duration) -> bool {
        let (producer, signals) = (self.inner.clone(), Arc::clone(&self.signals));
        let producer = tokio::task::spawn_blocking(move || producer.flush(at_most).is_ok());
        let signals = tokio::task::spawn_blocking(move || signals.flush(at_most).is_ok());
        let (producer, signals) = join(producer, signals).await;
        producer.unwrap_or(false) && signals.unwrap_or(false)
    }

    /// Sends a record on to another topic, with its key and headers, and waits for all in-sync replicas.
    pub(crate) async fn forward(&self, record: &Record, topic: &str) -> Result<(), KafkaFault> {
        let queued = self.inner.send_result(record.to(topic)).map_err(|(error, _)| KafkaFault::from(error));
        let delivery = self.count_refusal(queued)?;
        Publication { delivery, counts: Arc::clone(&self.counts) }.settle().await
    }

    async fn replicate(&self, events: &[Event]) -> Result<(), KafkaFault> {
        let mut queued = Vec::with_capacity(events.len());
        for event in events {
            queued.push(self.enqueue(event)?);
        }
        join_all(queued.into_iter().map(Publication::settle)).await.into_iter().collect()
    }

    fn count_refusal<T>(&self, queued: Result<T, KafkaFault>) -> Result<T, KafkaFault> {
        if queued.is_err() {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
        }
        queued
    }
}

/// A record that is queued.
pub struct Publication {
    delivery: DeliveryFuture,
    counts: Arc<Counts>,
}

impl Publication {
    /// Waits until all in-sync replicas have the record, or Kafka refuses it.
    pub async fn settle(self) -> Result<(), KafkaFault> {
        let settled = match self.delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => Err(KafkaFault::from(error)),
            Err(_canceled) => Err(KafkaFault::Stopped),
        };
        let counter = if settled.is_ok() { &self.counts.acknowledged } else { &self.counts.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        settled
    }
}

fn waiting(records: i32) -> u64 {
    u64::try_from(records).unwrap_or(0)
}

/// What a result says about the health of Kafka.
fn verdict(result: &Result<(), KafkaFault>) -> Verdict {
    match result {
        Ok(()) | Err(KafkaFault::Refused { .. }) => Verdict::Success,
        Err(KafkaFault::QueueFull | KafkaFault::Stopped) => Verdict::Ignored,
        Err(KafkaFault::Unreachable(_) | KafkaFault::Configuration(_) | KafkaFault::Topic { .. }) => {
            Verdict::Failure
        }
    }
}
