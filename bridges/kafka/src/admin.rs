//! Topics: made where they are missing, each with the topic of its dead letters.

use crate::config::KafkaConfig;
use crate::dead_letter::dead_letter_topic;
use crate::error::KafkaFault;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// Time for the brokers to answer.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(15);
/// The brokers' own default.
const REPLICATION: TopicReplication<'_> = TopicReplication::Fixed(-1);
/// Dead letters are few, and wait for people.
const DEAD_LETTER_PARTITIONS: i32 = 1;
const DEAD_LETTER_RETENTION_MS: &str = "2592000000";

/// Makes the topics that do not exist, and `<topic>.dlq` for each. Leaves those that do as they are.
pub async fn ensure_topics(config: &KafkaConfig, names: &[&str], partitions: i32) -> Result<(), KafkaFault> {
    if names.is_empty() {
        return Ok(());
    }
    let admin: AdminClient<DefaultClientContext> =
        config.client().create().map_err(KafkaFault::Configuration)?;
    let dead: Vec<String> = names.iter().map(|name| dead_letter_topic(name)).collect();
    let own = names.iter().map(|name| NewTopic::new(name, partitions, REPLICATION));
    let dead = dead.iter().map(|name| {
        NewTopic::new(name, DEAD_LETTER_PARTITIONS, REPLICATION).set("retention.ms", DEAD_LETTER_RETENTION_MS)
    });
    let topics: Vec<NewTopic<'_>> = own.chain(dead).collect();
    let options =
        AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT)).operation_timeout(Some(ADMIN_TIMEOUT));
    for result in admin.create_topics(&topics, &options).await? {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, reason)) => return Err(KafkaFault::Topic { topic, reason }),
        }
    }
    Ok(())
}
