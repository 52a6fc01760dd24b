//! A batch of events on its way to Kafka.

use crate::error::RelayError;
use crate::table::Waiting;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use mcsp_kafka::{KafkaFault, Producer};
use std::collections::HashMap;
use std::time::Duration;

/// Topic and key: what stays in order.
type Key = (String, String);

/// A row and what Kafka said to it.
type Settled = (i64, Key, Result<(), KafkaFault>);

/// What was queued and not yet asked about.
pub(crate) struct Batch {
    open: FuturesUnordered<BoxFuture<'static, Settled>>,
    acknowledged: Vec<(i64, Key)>,
    /// The first event of each key that was not taken. Those after it stay in the outbox, even where
    /// Kafka has them: they are published again, after it.
    held_from: HashMap<Key, i64>,
    refusal: Option<RelayError>,
}

impl Batch {
    /// Queues the events in their order. After the first of a key that the queue does not take, none of
    /// that key is queued.
    pub(crate) fn publish(producer: &Producer, waiting: Vec<Waiting>) -> Self {
        let mut batch = Batch {
            open: FuturesUnordered::new(),
            acknowledged: Vec::new(),
            held_from: HashMap::new(),
            refusal: None,
        };
        for Waiting { id, event, .. } in waiting {
            let key = (event.topic.clone(), event.key.clone());
            if batch.held_from.contains_key(&key) {
                continue;
            }
            match producer.enqueue(&event) {
                Ok(publication) => {
                    let settle = async move { (id, key, publication.settle().await) };
                    batch.open.push(Box::pin(settle));
                }
                Err(source) => {
                    let full = matches!(source, KafkaFault::QueueFull);
                    let (event_id, topic) = (event.id, event.topic);
                    batch.refusal.get_or_insert(RelayError::Refused { event_id, topic, source });
                    batch.held_from.insert(key, id);
                    // What follows would find room where an event before it did not.
                    if full {
                        break;
                    }
                }
            }
        }
        batch
    }

    /// Waits for Kafka's answers. False where some are still open after `at_most`.
    pub(crate) async fn settle(&mut self, at_most: Duration) -> bool {
        let all = async {
            while let Some((id, key, result)) = self.open.next().await {
                match result {
                    Ok(()) => self.acknowledged.push((id, key)),
                    Err(source) => {
                        let (event_id, topic) = (format!("in row {id}"), key.0.clone());
                        self.refusal.get_or_insert(RelayError::Refused { event_id, topic, source });
                        let first = self.held_from.entry(key).or_insert(id);
                        *first = id.min(*first);
                    }
                }
            }
        };
        tokio::time::timeout(at_most, all).await.is_ok()
    }

    /// Takes the rows whose events Kafka has, and all before them of their key.
    pub(crate) fn take_published(&mut self) -> Vec<i64> {
        let held = |id: i64, key: &Key| self.held_from.get(key).is_some_and(|first| *first < id);
        let published = self.acknowledged.iter().filter(|(id, key)| !held(*id, key));
        let published = published.map(|(id, _)| *id).collect();
        self.acknowledged.clear();
        published
    }

    /// Why some of the events were not taken.
    pub(crate) fn take_refusal(&mut self) -> Option<RelayError> {
        self.refusal.take()
    }
}
