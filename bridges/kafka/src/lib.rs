//! The Kafka capability: outbox relay, publishing, consumers with retry and dead letter.
