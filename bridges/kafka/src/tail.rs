//! Watches a topic, for people: no group, no offsets, nothing is consumed.

use crate::config::KafkaConfig;
use crate::error::KafkaFault;
use crate::record::{CloudEvent, Record};
use crate::redrive::partitions;
use futures::Stream;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::sync::Arc;

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailFrom {
    /// With the oldest event that Kafka still has.
    Beginning,
    /// With the next event.
    Now,
    /// With so many events of each partition before now.
    Last(u32),
}

/// What stands in a topic and what comes to it, without end. A record that is no CloudEvent comes as what
/// is wrong with it.
pub async fn tail(
    config: &KafkaConfig,
    topic: &str,
    from: TailFrom,
) -> Result<impl Stream<Item = Result<Result<CloudEvent, &'static str>, KafkaFault>> + use<>, KafkaFault> {
    let mut client = config.client();
    let consumer: StreamConsumer = client
        // librdkafka asks for a group even where none is joined.
        .set("group.id", "mcsp-tail")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()
        .map_err(KafkaFault::Configuration)?;
    let consumer = Arc::new(consumer);
    let (asked, topic) = (Arc::clone(&consumer), topic.to_owned());
    tokio::task::spawn_blocking(move || -> Result<(), KafkaFault> {
        let mut list = TopicPartitionList::new();
        for partition in partitions(&asked, &topic)? {
            list.add_partition_offset(&topic, partition, offset(from))?;
        }
        Ok(asked.assign(&list)?)
    })
    .await
    .map_err(|_| KafkaFault::Stopped)??;
    Ok(futures::stream::unfold(consumer, |consumer| async move {
        let next = match consumer.recv().await {
            Ok(message) => Ok(Record::of(&message).event()),
            Err(error) => Err(KafkaFault::from(error)),
        };
        Some((next, consumer))
    }))
}

fn offset(from: TailFrom) -> Offset {
    match from {
        TailFrom::Beginning => Offset::Beginning,
        TailFrom::Now => Offset::End,
        TailFrom::Last(count) => Offset::OffsetTail(i64::from(count)),
    }
}
