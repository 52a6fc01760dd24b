//! Which offset of each partition may be committed: that of the lowest record that is not settled.

use super::context::Assignment;
use super::lanes::Job;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeSet, HashMap};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
struct Partition {
    /// Received and not settled.
    pending: BTreeSet<i64>,
    /// After the highest that was received.
    next: i64,
    /// After the highest that was committed.
    committable: i64,
    stop: CancellationToken,
}

/// The partitions that are ours.
#[derive(Debug, Default)]
pub(crate) struct Offsets(HashMap<Assignment, Partition>);

impl Offsets {
    /// A partition became ours.
    pub(crate) fn begin(&mut self, partition: Assignment) {
        if let Some(old) = self.0.insert(partition, Partition::default()) {
            old.stop.cancel();
        }
    }

    /// A partition is another's: its retries end, and what still settles counts for nothing.
    pub(crate) fn end(&mut self, partition: &Assignment) {
        if let Some(old) = self.0.remove(partition) {
            old.stop.cancel();
        }
    }

    /// Ends all retries.
    pub(crate) fn stop_retries(&mut self) {
        self.0.values().for_each(|partition| partition.stop.cancel());
    }

    /// Takes note of a record and gives the token that ends its retries.
    pub(crate) fn received(&mut self, partition: Assignment, offset: i64) -> CancellationToken {
        let partition = self.0.entry(partition).or_default();
        partition.pending.insert(offset);
        partition.next = partition.next.max(offset + 1);
        partition.stop.clone()
    }

    /// Takes note that a record is settled, and gives what may be committed now, where that is more.
    pub(crate) fn settled(&mut self, job: &Job) -> Option<TopicPartitionList> {
        let record = &job.record;
        let assignment = Assignment { topic: record.topic.clone(), partition: record.partition };
        let partition = self.0.get_mut(&assignment)?;
        // A record of an earlier time, when the partition was ours before, is not among the pending.
        if job.stop.is_cancelled() && !partition.stop.is_cancelled() {
            return None;
        }
        partition.pending.remove(&record.offset);
        let committable = partition.pending.first().copied().unwrap_or(partition.next);
        if committable <= partition.committable {
            return None;
        }
        partition.committable = committable;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&record.topic, record.partition, Offset::Offset(committable)).ok()?;
        Some(list)
    }

    /// Records between the lowest unsettled and the newest, over all partitions. Settled ones among them
    /// count too: they would be delivered again after a crash.
    pub(crate) fn open(&self) -> usize {
        let span = |partition: &Partition| {
            let lowest = partition.pending.first().copied().unwrap_or(partition.next);
            usize::try_from(partition.next - lowest).unwrap_or(0)
        };
        self.0.values().map(span).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn partition() -> Assignment {
        Assignment { topic: "t".to_owned(), partition: 0 }
    }

    fn receive(offsets: &mut Offsets, offset: i64) -> Job {
        let stop = offsets.received(partition(), offset);
        let record =
            Record { topic: "t".to_owned(), partition: 0, offset, key: None, payload: None, headers: vec![] };
        Job { record, stop }
    }

    fn committable(list: Option<TopicPartitionList>) -> Option<i64> {
        list?.elements().first()?.offset().to_raw()
    }

    #[test]
    fn nothing_above_an_unsettled_record_is_committed() {
        let mut offsets = Offsets::default();
        let jobs: Vec<Job> = (7..10).map(|offset| receive(&mut offsets, offset)).collect();
        assert_eq!(committable(offsets.settled(&jobs[1])), Some(7));
        assert_eq!(committable(offsets.settled(&jobs[2])), None);
        assert_eq!(offsets.open(), 3);
        assert_eq!(committable(offsets.settled(&jobs[0])), Some(10));
        assert_eq!(offsets.open(), 0);
    }

    #[test]
    fn what_settles_after_its_partition_was_lost_commits_nothing() {
        let mut offsets = Offsets::default();
        offsets.begin(partition());
        let job = receive(&mut offsets, 1);
        offsets.end(&partition());
        assert!(job.stop.is_cancelled());
        assert!(offsets.settled(&job).is_none());
        offsets.begin(partition());
        receive(&mut offsets, 1);
        assert!(offsets.settled(&job).is_none(), "nor when the partition came back");
        assert_eq!(offsets.open(), 1);
    }

    #[test]
    fn stopping_ends_retries_and_still_commits_what_is_done() {
        let mut offsets = Offsets::default();
        let job = receive(&mut offsets, 1);
        offsets.stop_retries();
        assert!(job.stop.is_cancelled());
        assert_eq!(committable(offsets.settled(&job)), Some(2));
    }
}
