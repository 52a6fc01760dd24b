//! What a fault of Kafka means for the caller.

use mcsp_bridge_api::Failure;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

/// The code of what is refused because of its topic.
const UNKNOWN_TOPIC: &str = "unknown-topic";

/// A call to Kafka failed.
#[derive(Debug, thiserror::Error)]
pub enum KafkaFault {
    /// The client could not be made: a mistake in its configuration.
    #[error("the Kafka client cannot be made")]
    Configuration(#[source] KafkaError),
    /// The queue of this process is full. Nothing was queued.
    #[error("the producer's queue is full")]
    QueueFull,
    /// The record, or its topic's name, is not one that Kafka takes.
    #[error("Kafka refuses the record: {code}")]
    Refused {
        /// A machine code.
        code: &'static str,
    },
    /// Kafka did not do it, or it is unknown whether it did.
    #[error("Kafka is unreachable")]
    Unreachable(#[source] KafkaError),
    /// A topic could not be made or read.
    #[error("topic `{topic}`: {reason}")]
    Topic {
        /// Its name.
        topic: String,
        /// Kafka's word for it.
        reason: RDKafkaErrorCode,
    },
    /// The runtime of this call is ending.
    #[error("stopped")]
    Stopped,
}

impl KafkaFault {
    /// A machine code.
    pub fn code(&self) -> &'static str {
        match self {
            KafkaFault::Configuration(_) => "configuration",
            KafkaFault::QueueFull => "queue-full",
            KafkaFault::Refused { code } => code,
            KafkaFault::Unreachable(_) => "unreachable",
            KafkaFault::Topic { .. } => "topic",
            KafkaFault::Stopped => "stopped",
        }
    }

    /// True where the topic is missing, misnamed or forbidden: all records of it are refused.
    pub fn is_of_topic(&self) -> bool {
        matches!(self, KafkaFault::Refused { code: UNKNOWN_TOPIC })
    }
}

impl From<KafkaError> for KafkaFault {
    fn from(error: KafkaError) -> Self {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => KafkaFault::QueueFull,
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => KafkaFault::Refused { code: "event-too-large" },
            Some(
                RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::InvalidTopic
                | RDKafkaErrorCode::TopicAuthorizationFailed,
            ) => KafkaFault::Refused { code: UNKNOWN_TOPIC },
            _ => match error {
                KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) => {
                    KafkaFault::Configuration(error)
                }
                other => KafkaFault::Unreachable(other),
            },
        }
    }
}

impl From<KafkaFault> for Failure {
    fn from(fault: KafkaFault) -> Self {
        match fault {
            KafkaFault::QueueFull => Failure::Overloaded,
            KafkaFault::Refused { code } => Failure::Refused(code.to_owned()),
            KafkaFault::Configuration(_)
            | KafkaFault::Unreachable(_)
            | KafkaFault::Topic { .. }
            | KafkaFault::Stopped => Failure::Unreachable,
        }
    }
}
