//! Order per key: the records of one key of one partition stand in one lane, one of them under way.

use super::context::Assignment;
use crate::record::Record;
use std::collections::{HashMap, VecDeque};
use tokio_util::sync::CancellationToken;

/// A record to deliver.
#[derive(Debug)]
pub(crate) struct Job {
    pub record: Record,
    /// Ends the retries once the partition is another's, or the consumer stops.
    pub stop: CancellationToken,
}

/// Records without a key have no order: each is a lane of its own, named by its offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Key(Vec<u8>),
    Offset(i64),
}

/// The lanes that have something in them.
#[derive(Debug, Default)]
pub(crate) struct Lanes(HashMap<(Assignment, Name), VecDeque<Job>>);

impl Lanes {
    /// Gives the job back if its lane is free; otherwise keeps it until its turn.
    pub(crate) fn enter(&mut self, job: Job) -> Option<Job> {
        match self.0.entry(name(&job.record)) {
            std::collections::hash_map::Entry::Occupied(mut lane) => {
                lane.get_mut().push_back(job);
                None
            }
            std::collections::hash_map::Entry::Vacant(lane) => {
                lane.insert(VecDeque::new());
                Some(job)
            }
        }
    }

    /// A job is through: gives the next of its lane.
    pub(crate) fn leave(&mut self, job: &Job) -> Option<Job> {
        let name = name(&job.record);
        let next = self.0.get_mut(&name)?.pop_front();
        if next.is_none() {
            self.0.remove(&name);
        }
        next
    }

    /// Forgets what waits in the lanes of a partition. What is under way leaves by itself.
    pub(crate) fn clear(&mut self, partition: &Assignment) {
        self.0.iter_mut().filter(|((of, _), _)| of == partition).for_each(|(_, lane)| lane.clear());
    }

    /// Forgets what waits.
    pub(crate) fn clear_all(&mut self) {
        self.0.values_mut().for_each(VecDeque::clear);
    }
}

fn name(record: &Record) -> (Assignment, Name) {
    let partition = Assignment { topic: record.topic.clone(), partition: record.partition };
    (partition, record.key.clone().map_or(Name::Offset(record.offset), Name::Key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(offset: i64, key: Option<&str>) -> Job {
        let record = Record {
            topic: "t".to_owned(),
            partition: 0,
            offset,
            key: key.map(|key| key.as_bytes().to_vec()),
            payload: None,
            headers: vec![],
        };
        Job { record, stop: CancellationToken::new() }
    }

    fn offset(job: Option<Job>) -> Option<i64> {
        job.map(|job| job.record.offset)
    }

    #[test]
    fn one_key_is_under_way_once_and_in_order() {
        let mut lanes = Lanes::default();
        assert_eq!(offset(lanes.enter(job(1, Some("a")))), Some(1));
        assert_eq!(offset(lanes.enter(job(2, Some("a")))), None);
        assert_eq!(offset(lanes.enter(job(3, Some("b")))), Some(3));
        assert_eq!(offset(lanes.enter(job(4, Some("a")))), None);
        assert_eq!(offset(lanes.leave(&job(1, Some("a")))), Some(2));
        assert_eq!(offset(lanes.leave(&job(2, Some("a")))), Some(4));
        assert_eq!(offset(lanes.leave(&job(4, Some("a")))), None);
        assert_eq!(offset(lanes.enter(job(5, Some("a")))), Some(5), "the lane is free again");
    }

    #[test]
    fn records_without_a_key_wait_for_nobody() {
        let mut lanes = Lanes::default();
        assert_eq!(offset(lanes.enter(job(1, None))), Some(1));
        assert_eq!(offset(lanes.enter(job(2, None))), Some(2));
    }

    #[test]
    fn what_waits_in_a_lost_partition_is_forgotten() {
        let mut lanes = Lanes::default();
        lanes.enter(job(1, Some("a")));
        lanes.enter(job(2, Some("a")));
        lanes.clear(&Assignment { topic: "t".to_owned(), partition: 0 });
        assert_eq!(offset(lanes.leave(&job(1, Some("a")))), None);
    }
}
