//! A stand-in for the transcoding pipeline: takes uploads from Kafka, makes HLS and DASH, encrypted where that is wanted,
//! and images, and tells how it went.

mod boxes;
mod cenc;
mod events;
mod job;
mod media;
mod playlist;
mod protection;
mod thumbnails;

use crate::buckets::Buckets;
use crate::error::LocalError;
use crate::state_dir::StateDir;
use events::{CHANGED_TOPIC, INITIATED_TOPIC, Initiated, Outcome};
use futures::FutureExt;
use futures::future::try_join_all;
use job::{Hindrance, Workshop};
use mcsp_playback_url::Key;
use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

const GROUP: &str = "media-pipeline";
/// How many uploads are transcoded at once.
const CONCURRENCY: usize = 2;
/// Longer than the slowest job, or Kafka would give the upload to another consumer meanwhile.
const MAX_POLL_INTERVAL_MS: u32 = 900_000;
const SESSION_TIMEOUT_MS: u32 = 6_000;
/// How soon a topic that is created later is seen.
const METADATA_REFRESH_MS: u32 = 2_000;
const SEND_TIMEOUT_MS: u32 = 30_000;
/// How soon a broker that went away is tried again.
const RECONNECT_BACKOFF_MAX_MS: u32 = 1_000;
/// The pause between two errors of the consumer, which queues one for each broker and topic.
const ERROR_PAUSE: Duration = Duration::from_millis(50);
/// The pause after a hindrance, doubled each time up to the maximum.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A running pipeline stand-in; dropping it ends it, and ffmpeg with it.
#[derive(Debug)]
pub struct Pipeline {
    brokers: String,
    workshop: Workshop,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Pipeline {
    pub(crate) async fn launch(
        state: &StateDir,
        brokers: String,
        buckets: Buckets,
        packaged_bucket: String,
        seed: Key,
    ) -> Result<Self, LocalError> {
        let scratch = state.directory("pipeline")?;
        // What a crash left behind.
        std::fs::remove_dir_all(&scratch).map_err(LocalError::file("clear", &scratch))?;
        let scratch = state.directory("pipeline")?;
        for program in ["ffmpeg", "ffprobe"] {
            crate::programs::find(program)?;
        }
        let workshop = Workshop { buckets, packaged_bucket, scratch, seed };
        let pipeline = Self { brokers, workshop, task: Mutex::default() };
        pipeline.start().await;
        Ok(pipeline)
    }

    /// Takes uploads; does nothing when it does so already.
    pub async fn start(&self) {
        let mut task = self.task.lock().await;
        if task.is_none() {
            *task = Some(tokio::spawn(keep_working(self.brokers.clone(), self.workshop.clone())));
        }
    }

    /// Stops at once; an upload that was under way is taken up again by the next start.
    pub async fn stop(&self) {
        if let Some(task) = self.task.lock().await.take() {
            task.abort();
            // It ends by being aborted.
            let _ = task.await;
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

/// Works until it is aborted. After a hindrance it starts anew from what was committed: nothing is skipped.
async fn keep_working(brokers: String, workshop: Workshop) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut finished = 0_u64;
        if let Err(hindrance) = work(&brokers, &workshop, &mut finished).await {
            tracing::warn!(error = &hindrance as &dyn std::error::Error, "the pipeline pauses");
        }
        if finished > 0 {
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Takes batches of uploads and commits each once its outcomes are told.
async fn work(brokers: &str, workshop: &Workshop, finished: &mut u64) -> Result<(), Hindrance> {
    let (consumer, producer) = clients(brokers).map_err(Hindrance::Kafka)?;
    loop {
        let first = match consumer.recv().await {
            Ok(record) => record,
            // Kafka is away, or the topic is not there yet: the client keeps trying by itself.
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the pipeline waits for Kafka");
                tokio::time::sleep(ERROR_PAUSE).await;
                continue;
            }
        };
        let mut batch = vec![first];
        while batch.len() < CONCURRENCY {
            match consumer.recv().now_or_never() {
                Some(Ok(record)) => batch.push(record),
                Some(Err(_)) | None => break,
            }
        }
        let jobs: Vec<_> = batch.iter().map(|record| process(workshop, &producer, record)).collect();
        try_join_all(jobs).await?;
        for record in &batch {
            consumer.commit_message(record, CommitMode::Sync).map_err(Hindrance::Kafka)?;
            *finished += 1;
        }
    }
}

async fn process(
    workshop: &Workshop,
    producer: &FutureProducer,
    record: &BorrowedMessage<'_>,
) -> Result<(), Hindrance> {
    let initiated = match Initiated::read(record) {
        Ok(initiated) => initiated,
        Err(cause) => {
            tracing::warn!(
                cause,
                partition = record.partition(),
                offset = record.offset(),
                "passed over an event"
            );
            return Ok(());
        }
    };
    let tell = |outcome| send(producer, &initiated, outcome);
    tell(Outcome::Progressed { percent: 0 }).await?;
    let outcome = job::run(workshop, &initiated, |percent| tell(Outcome::Progressed { percent })).await?;
    tracing::info!(upload_id = initiated.upload.upload_id, outcome = outcome.name(), "processed an upload");
    tell(outcome).await
}

async fn send(producer: &FutureProducer, initiated: &Initiated, outcome: Outcome) -> Result<(), Hindrance> {
    let event = initiated.tell(outcome);
    let record = FutureRecord::to(CHANGED_TOPIC).key(&event.key).payload(&event.data).headers(event.headers);
    let queue_timeout = Duration::from_millis(u64::from(SEND_TIMEOUT_MS));
    producer.send(record, queue_timeout).await.map_err(|(error, _)| Hindrance::Kafka(error))?;
    Ok(())
}

fn clients(brokers: &str) -> Result<(StreamConsumer, FutureProducer), rdkafka::error::KafkaError> {
    let mut shared = ClientConfig::new();
    shared
        .set("bootstrap.servers", brokers)
        .set("topic.metadata.refresh.interval.ms", METADATA_REFRESH_MS.to_string())
        .set("reconnect.backoff.max.ms", RECONNECT_BACKOFF_MAX_MS.to_string())
        // Its own lines on standard error say less than the errors that it returns.
        .set("log_level", "0");
    let consumer: StreamConsumer = shared
        .clone()
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false")
        .set("session.timeout.ms", SESSION_TIMEOUT_MS.to_string())
        .set("max.poll.interval.ms", MAX_POLL_INTERVAL_MS.to_string())
        .create()?;
    consumer.subscribe(&[INITIATED_TOPIC])?;
    let producer = shared
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("message.timeout.ms", SEND_TIMEOUT_MS.to_string())
        .create()?;
    Ok((consumer, producer))
}
