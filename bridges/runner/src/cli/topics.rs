//! `mcsp topics`: makes the topics that the manifest names, as a deployment does before it starts.

use clap::Args;
use mcsp_kafka::{KafkaConfig, ensure_topics};
use mcsp_manifest::{DEAD_LETTER_SUFFIX, Manifest};
use std::path::PathBuf;

/// Make the topics that are missing, each with the topic of its dead letters
#[derive(Args, Debug)]
pub(super) struct Topics {
    /// The manifest, which names the topics
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Kafka: `host:port`, several with commas
    #[arg(long, env = "MCSP_KAFKA_BROKERS")]
    brokers: String,
    /// Partitions of each topic that is made: how many deliveries of one consumer can be under way side by side
    #[arg(long, default_value_t = 12)]
    partitions: i32,
}

impl Topics {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let topics = Manifest::load(&self.manifest)?.topics();
        let topics: Vec<&str> =
            topics.iter().map(String::as_str).filter(|topic| !topic.ends_with(DEAD_LETTER_SUFFIX)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ensure_topics(&KafkaConfig::new(&self.brokers), &topics, self.partitions))?;
        println!("{} topics are there", topics.len());
        Ok(())
    }
}
