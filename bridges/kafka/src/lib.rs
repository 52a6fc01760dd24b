//! The Kafka capability: publishing, consumers that deliver events to components, dead letters and their
//! redrive. Events travel as CloudEvents 1.0 in the Kafka protocol binding's binary mode.

mod admin;
mod client;
mod config;
mod consumer;
mod dead_letter;
mod error;
mod record;
mod redrive;
mod tail;

pub use admin::ensure_topics;
pub use client::{MAX_BATCH, Producer, ProducerCounts, Publication};
pub use config::{ConsumerConfig, KafkaConfig, PatienceConfig};
pub use consumer::{Consumer, ConsumerCounts, ConsumerMeter, Deliver, Delivery};
pub use dead_letter::dead_letter_topic;
pub use error::KafkaFault;
pub use record::CloudEvent;
pub use redrive::{Redriven, redrive};
pub use tail::{TailFrom, tail};
