//! Why a round of the relay came to nothing. The next round tries again.

use mcsp_kafka::KafkaFault;

/// Why a round of the relay came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The outbox cannot be read or written.
    #[error("the outbox cannot be reached")]
    Postgres(#[from] sqlx::Error),
    /// Postgres takes too long to connect.
    #[error("Postgres does not answer")]
    ConnectTimeout,
    /// An event, with all that follow it under its key, is not taken by Kafka.
    #[error("event {event_id} of topic `{topic}` is not published")]
    Refused {
        /// The first of them.
        event_id: String,
        /// Its topic.
        topic: String,
        #[source]
        #[allow(missing_docs)]
        source: KafkaFault,
    },
    /// Kafka did not answer in time. The events stay queued and in the outbox.
    #[error("Kafka does not answer")]
    PublishTimeout,
}
