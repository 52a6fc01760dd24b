//! Sends dead letters back to where they came from, each once, for the component that failed alone.

use crate::client::Producer;
use crate::config::KafkaConfig;
use crate::dead_letter::exhume;
use crate::error::KafkaFault;
use crate::record::Record;
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Time for the brokers to answer.
const BROKER_TIMEOUT: Duration = Duration::from_secs(10);
/// Without a record for this long, something is wrong with the topic.
const RECORD_TIMEOUT: Duration = Duration::from_secs(30);

/// What a redrive did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Dead letters that were sent back.
    pub sent: u64,
    /// Records in the topic that are no dead letters.
    pub ignored: u64,
}

/// Sends back what stands in a dead-letter topic now and was not sent back before. How far it came is kept
/// in Kafka, as the offsets of a group of its own, committed after each record: a redrive that is broken
/// off goes on where it was, and repeats one record at most.
pub async fn redrive(
    config: &KafkaConfig,
    producer: &Producer,
    dead_letters: &str,
) -> Result<Redriven, KafkaFault> {
    let mut client = config.client();
    let consumer: StreamConsumer = client
        .set("group.id", format!("mcsp-redrive.{dead_letters}"))
        .set("enable.auto.commit", "false")
        .create()
        .map_err(KafkaFault::Configuration)?;
    let consumer = Arc::new(consumer);
    let topic = dead_letters.to_owned();
    let asked = Arc::clone(&consumer);
    let mut left = tokio::task::spawn_blocking(move || assign(&asked, &topic))
        .await
        .map_err(|_| KafkaFault::Stopped)??;

    let mut redriven = Redriven::default();
    while !left.is_empty() {
        let message = tokio::time::timeout(RECORD_TIMEOUT, consumer.recv()).await.map_err(|_| {
            KafkaFault::Topic {
                topic: dead_letters.to_owned(),
                reason: rdkafka::types::RDKafkaErrorCode::RequestTimedOut,
            }
        })??;
        let (partition, offset) = (message.partition(), message.offset());
        let Some(end) = left.get(&partition).copied() else { continue };
        if offset < end {
            match exhume(&Record::of(&message)) {
                Some((record, topic)) => {
                    producer.forward(&record, &topic).await?;
                    redriven.sent += 1;
                }
                None => redriven.ignored += 1,
            }
            let mut done = TopicPartitionList::new();
            done.add_partition_offset(dead_letters, partition, Offset::Offset(offset + 1))?;
            let consumer = Arc::clone(&consumer);
            tokio::task::spawn_blocking(move || consumer.commit(&done, CommitMode::Sync))
                .await
                .map_err(|_| KafkaFault::Stopped)??;
        }
        if offset + 1 >= end {
            left.remove(&partition);
        }
    }
    Ok(redriven)
}

/// Assigns every partition from where the last redrive ended, and gives the end of those with records.
fn assign(consumer: &StreamConsumer, topic: &str) -> Result<HashMap<i32, i64>, KafkaFault> {
    let mut list = TopicPartitionList::new();
    for partition in partitions(consumer, topic)? {
        list.add_partition(topic, partition);
    }
    let committed = consumer.committed_offsets(list, BROKER_TIMEOUT)?;
    let (mut from, mut left) = (TopicPartitionList::new(), HashMap::new());
    for element in committed.elements() {
        let (low, high) = consumer.fetch_watermarks(topic, element.partition(), BROKER_TIMEOUT)?;
        let start = match element.offset() {
            Offset::Offset(offset) => offset.max(low),
            _ => low,
        };
        if start < high {
            from.add_partition_offset(topic, element.partition(), Offset::Offset(start))?;
            left.insert(element.partition(), high);
        }
    }
    consumer.assign(&from)?;
    Ok(left)
}

/// The partitions of a topic that exists.
pub(crate) fn partitions(consumer: &StreamConsumer, topic: &str) -> Result<Vec<i32>, KafkaFault> {
    let metadata = consumer.fetch_metadata(Some(topic), BROKER_TIMEOUT)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let unknown = rdkafka::types::RDKafkaErrorCode::UnknownTopicOrPartition;
    let unknown = KafkaFault::Topic { topic: topic.to_owned(), reason: unknown };
    match found {
        Some(found) if found.error().is_none() && !found.partitions().is_empty() => {
            Ok(found.partitions().iter().map(|partition| partition.id()).collect())
        }
        _ => Err(unknown),
    }
}
