//! A batch of events on its way to Kafka.

use crate::table::Waiting;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use mcsp_kafka::{KafkaFault, Producer, Publication};
use mcsp_traces::{Span, Tracer};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Topic and key: what stays in order.
type Key = (String, String);

/// What was queued and not yet asked about.
pub(crate) struct Batch {
    open: FuturesUnordered<BoxFuture<'static, Settled>>,
    published: Vec<i64>,
    refusals: Vec<Refusal>,
    is_cut_short: bool,
}

/// Where the spans of events go, and whose events they are.
pub(crate) struct Traces {
    pub tracer: Tracer,
    pub service: Arc<str>,
}

/// The first event of a key that was not taken. Those after it stay in the outbox too, even where Kafka has
/// them: they are published again, after it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub id: i64,
    pub event_id: String,
    pub topic: String,
    pub key: String,
    pub fault: KafkaFault,
    /// False where another event that was sent with it may be the reason.
    pub is_own: bool,
}

/// The events of one key, in their order.
#[derive(Default)]
struct Lane {
    queued: Vec<Queued>,
    refused: Option<(i64, String, KafkaFault)>,
}

/// An event that is on its way.
struct Queued {
    id: i64,
    event_id: String,
    publication: Publication,
    /// Lasts until Kafka has answered.
    span: Span,
}

/// What Kafka said to the events of one key.
struct Settled {
    /// Those before the first that it did not take.
    published: Vec<i64>,
    refusal: Option<Refusal>,
}

impl Batch {
    /// Queues the events in their order. After the first of a key that the queue does not take, none of
    /// that key is queued.
    pub(crate) fn publish(producer: &Producer, waiting: Vec<Waiting>, traces: &Traces) -> Self {
        let is_alone = waiting.len() == 1;
        let mut lanes: HashMap<Key, Lane> = HashMap::new();
        let mut is_cut_short = false;
        for Waiting { id, mut event, .. } in waiting {
            let lane = lanes.entry((event.topic.clone(), event.key.clone())).or_default();
            if lane.refused.is_some() {
                continue;
            }
            let Traces { tracer, service } = traces;
            let of = (event.topic.as_str(), event.id.as_str());
            let trace = (&mut event.traceparent, event.tracestate.as_deref());
            let span = mcsp_traces::send(tracer, service, of, trace);
            match producer.enqueue(&event) {
                Ok(publication) => lane.queued.push(Queued { id, event_id: event.id, publication, span }),
                // What follows would find room where an event before it did not.
                Err(KafkaFault::QueueFull) => {
                    is_cut_short = true;
                    break;
                }
                Err(fault) => lane.refused = Some((id, event.id, fault)),
            }
        }
        let open = lanes.into_iter().map(|(key, lane)| lane.settle(key, is_alone).boxed()).collect();
        Batch { open, published: Vec::new(), refusals: Vec::new(), is_cut_short }
    }

    /// Waits for Kafka's answers. False where some are still open after `at_most`.
    pub(crate) async fn settle(&mut self, at_most: Duration) -> bool {
        let all = async {
            while let Some(Settled { published, refusal }) = self.open.next().await {
                self.published.extend(published);
                self.refusals.extend(refusal);
            }
        };
        tokio::time::timeout(at_most, all).await.is_ok()
    }

    /// Takes the rows whose events Kafka has, with all before them of their key.
    pub(crate) fn take_published(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.published)
    }

    /// What Kafka did not take, by key.
    pub(crate) fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Whether the producer's queue was full before the batch was through.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}

impl Lane {
    async fn settle(self, (topic, key): Key, is_alone: bool) -> Settled {
        let (mut published, mut sent) = (Vec::with_capacity(self.queued.len()), None);
        for Queued { id, event_id, publication, mut span } in self.queued {
            match publication.settle().await {
                Ok(()) if sent.is_none() => published.push(id),
                Ok(()) => {}
                Err(fault) => {
                    span.fail(fault.code());
                    sent = sent.or(Some((id, event_id, fault)));
                }
            }
        }
        // What was sent comes before what was not even queued, which was refused by itself.
        let is_own = is_alone || sent.is_none();
        let refusal = sent.or(self.refused).map(|(id, event_id, fault)| {
            let is_own = is_own || fault.is_of_topic();
            Refusal { id, event_id, topic, key, fault, is_own }
        });
        Settled { published, refusal }
    }
}
