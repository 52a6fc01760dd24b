//! `mcsp events`: looks at topics, and gives dead letters another try.

use super::state::StateDir;
use anyhow::ensure;
use clap::{Args, Subcommand};
use futures::{StreamExt, pin_mut};
use mcsp_kafka::{CloudEvent, KafkaConfig, Producer, TailFrom, redrive, tail};
use mcsp_manifest::DEAD_LETTER_SUFFIX;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Look at topics, and give dead letters another try
#[derive(Args, Debug)]
pub(super) struct Events {
    /// Where the running platform keeps its state; MCSP_KAFKA_BROKERS stands above it
    #[arg(long, default_value = ".mcsp", global = true)]
    state_dir: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a topic's events as they come, one JSON object a line
    Tail {
        /// The topic
        topic: String,
        /// Begin with the oldest event
        #[arg(long, conflicts_with = "last")]
        from_beginning: bool,
        /// Begin with so many events of each partition before now
        #[arg(long, default_value_t = 0)]
        last: u32,
    },
    /// Send the events of a dead-letter topic back to the components that gave them up
    Redrive {
        /// `<topic>.dlq`
        topic: String,
    },
}

impl Events {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let kafka = KafkaConfig::new(&StateDir::new(self.state_dir).variable("MCSP_KAFKA_BROKERS")?);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(async {
            match self.action {
                Action::Tail { topic, from_beginning, last } => {
                    let from = match (from_beginning, last) {
                        (true, _) => TailFrom::Beginning,
                        (false, 0) => TailFrom::Now,
                        (false, last) => TailFrom::Last(last),
                    };
                    print_all(&kafka, &topic, from).await
                }
                Action::Redrive { topic } => {
                    ensure!(
                        topic.ends_with(DEAD_LETTER_SUFFIX),
                        "a dead-letter topic ends in {DEAD_LETTER_SUFFIX}"
                    );
                    let redriven = redrive(&kafka, &Producer::new(&kafka)?, &topic).await?;
                    println!(
                        "{} dead letters sent back, {} records ignored",
                        redriven.sent, redriven.ignored
                    );
                    Ok(())
                }
            }
        })
    }
}

async fn print_all(kafka: &KafkaConfig, topic: &str, from: TailFrom) -> anyhow::Result<()> {
    let events = tail(kafka, topic, from).await?;
    pin_mut!(events);
    while let Some(event) = events.next().await {
        match event? {
            Ok(event) => println!("{}", shown(&event)),
            Err(problem) => println!("{}", json!({ "problem": problem })),
        }
    }
    Ok(())
}

fn shown(event: &CloudEvent) -> Value {
    let data = serde_json::from_slice(&event.data)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event.data).into_owned()));
    json!({
        "topic": event.topic, "partition": event.partition, "offset": event.offset, "key": event.key,
        "id": event.id, "type": event.type_, "source": event.source, "time": event.time,
        "traceparent": event.traceparent, "data": data,
    })
}
