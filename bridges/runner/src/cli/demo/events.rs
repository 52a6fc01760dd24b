//! Events on Kafka, as they pass by.

use super::PATIENCE;
use anyhow::{Context, bail};
use futures::StreamExt;
use futures::stream::BoxStream;
use mcsp_kafka::{CloudEvent, KafkaConfig, KafkaFault, TailFrom, tail};
use serde_json::Value;
use std::time::Instant;

/// A topic that is being watched.
pub(super) struct Watch {
    topic: &'static str,
    events: BoxStream<'static, Result<Result<CloudEvent, &'static str>, KafkaFault>>,
}

impl Watch {
    /// Watches from now on.
    pub(super) async fn begin(brokers: &str, topic: &'static str) -> anyhow::Result<Self> {
        let events = tail(&KafkaConfig::new(brokers), topic, TailFrom::Now).await?;
        Ok(Watch { topic, events: events.boxed() })
    }

    /// Waits for the event that concerns the video, and shows it.
    pub(super) async fn shows(mut self, video_id: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let search = async {
            while let Some(event) = self.events.next().await {
                let Ok(event) = event? else { continue };
                let data: Value = serde_json::from_slice(&event.data).unwrap_or_default();
                if data["video_id"] == video_id {
                    return Ok((event, data));
                }
            }
            bail!("{} ended", self.topic)
        };
        let (event, data) = tokio::time::timeout(PATIENCE, search)
            .await
            .with_context(|| format!("no event on {} for {PATIENCE:?}", self.topic))??;
        println!("\n{:>6.0} ms  {} on Kafka", begun.elapsed().as_secs_f64() * 1e3, self.topic);
        println!("     {} {} version {}", event.type_, event.id, data["version"]);
        Ok(())
    }
}
