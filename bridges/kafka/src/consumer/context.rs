//! What librdkafka tells about the group: which partitions come and go, and how far behind they are.

use super::Counts;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Assignment {
    pub topic: String,
    pub partition: i32,
}

/// A change of the group.
pub(crate) enum Change {
    Gained(Vec<Assignment>),
    Lost(Vec<Assignment>),
}

/// Gathers the changes until the loop asks for them. They are told from within the receiving of records,
/// and always before the first record of a new partition.
pub(crate) struct Context {
    changes: Mutex<Vec<Change>>,
    changed: Notify,
    counts: Arc<Counts>,
}

impl Context {
    pub(crate) fn new(counts: Arc<Counts>) -> Self {
        Context { changes: Mutex::default(), changed: Notify::new(), counts }
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there are changes to take.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn push(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.changed.notify_one();
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        // -1 stands for a partition of another member.
        let lag = partitions.filter_map(|partition| u64::try_from(partition.consumer_lag).ok()).sum();
        self.counts.lag.store(lag, Ordering::Relaxed);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.push(Change::Lost(assignments(partitions)));
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance {
            self.push(Change::Gained(assignments(partitions)));
        }
    }
}

fn assignments(partitions: &TopicPartitionList) -> Vec<Assignment> {
    let one = |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| Assignment {
        topic: element.topic().to_owned(),
        partition: element.partition(),
    };
    partitions.elements().iter().map(one).collect()
}
