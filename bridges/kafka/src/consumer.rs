//! Consumption for one component: order per key, several keys at once, offsets committed only when all
//! below them is settled.

mod context;
mod delivery;
mod lanes;
mod offsets;

pub use delivery::{Deliver, Delivery};

use crate::client::Producer;
use crate::config::{ConsumerConfig, KafkaConfig};
use crate::error::KafkaFault;
use crate::record::Record;
use context::{Assignment, Change, Context};
use delivery::{Courier, Settled};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use lanes::{Job, Lanes};
use offsets::Offsets;
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::message::BorrowedMessage;
use rdkafka::util::Timeout;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A member that is silent for this long counts as dead, and its partitions go to the others. Brokers allow
/// 6 s to 30 min, unless `group.min.session.timeout.ms` says otherwise.
const SESSION_TIMEOUT_MS: u32 = 10_000;
/// Less than a third of it, so that two heartbeats in a row may be lost.
const HEARTBEAT_INTERVAL_MS: u32 = 3_000;
/// Pause after an error of the consumer itself; librdkafka reconnects meanwhile.
const ERROR_PAUSE: Duration = Duration::from_millis(200);
/// How long the last commit and the leaving of the group may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// One component's consumption: `Consumer::new(…)`, keep its counts, then `run`.
pub struct Consumer {
    kafka: KafkaConfig,
    config: ConsumerConfig,
    producer: Producer,
    counts: Arc<Counts>,
}

/// Numbers that the courier and the loop write, and anyone may read.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub done: AtomicU64,
    pub retried: AtomicU64,
    pub dead: AtomicU64,
    pub skipped: AtomicU64,
    pub unsettled: AtomicUsize,
    pub lag: AtomicU64,
}

/// What a consumer has done, and what is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerCounts {
    /// Events that the component has taken.
    pub done_total: u64,
    /// Deliveries that failed and were tried again.
    pub retried_total: u64,
    /// Dead letters written.
    pub dead_total: u64,
    /// Redriven events that were for another component.
    pub skipped_total: u64,
    /// Records received and not yet settled.
    pub unsettled: usize,
    /// Records in the topics above the committed offsets, as of a few seconds ago.
    pub lag: u64,
}

/// Reads a consumer's numbers while it runs.
#[derive(Clone, Debug)]
pub struct ConsumerMeter(Arc<Counts>);

impl ConsumerMeter {
    /// The numbers as of now.
    pub fn counts(&self) -> ConsumerCounts {
        ConsumerCounts {
            done_total: self.0.done.load(Ordering::Relaxed),
            retried_total: self.0.retried.load(Ordering::Relaxed),
            dead_total: self.0.dead.load(Ordering::Relaxed),
            skipped_total: self.0.skipped.load(Ordering::Relaxed),
            unsettled: self.0.unsettled.load(Ordering::Relaxed),
            lag: self.0.lag.load(Ordering::Relaxed),
        }
    }
}

impl Consumer {
    /// Does nothing yet. `producer` writes the dead letters.
    pub fn new(kafka: KafkaConfig, config: ConsumerConfig, producer: Producer) -> Self {
        Consumer { kafka, config, producer, counts: Arc::default() }
    }

    /// For metrics, while the consumer runs.
    pub fn meter(&self) -> ConsumerMeter {
        ConsumerMeter(Arc::clone(&self.counts))
    }

    /// Consumes until `shutdown`; then finishes what is being delivered, commits, and leaves the group.
    /// What waits for a retry then is delivered again by whoever consumes next.
    pub async fn run(self, deliver: Arc<dyn Deliver>, shutdown: CancellationToken) -> Result<(), KafkaFault> {
        let consumer = self.join()?;
        let courier = Arc::new(Courier::new(&self.config, self.producer, deliver, Arc::clone(&self.counts)));
        let mut work = Work {
            lanes: Lanes::default(),
            offsets: Offsets::default(),
            running: FuturesUnordered::new(),
            courier,
            counts: self.counts,
        };
        let max_unsettled = self.config.max_unsettled.max(1);
        let mut paused = false;
        while !shutdown.is_cancelled() {
            let full = work.offsets.open() >= max_unsettled;
            if full != paused {
                paused = full;
                set_paused(&consumer, paused);
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {}
                Some(settled) = work.running.next() => work.settle(&consumer, settled),
                // Records may not come for a long time, and the deliveries of lost partitions must end now. New
                // partitions come unpaused.
                () = consumer.context().changed() => {
                    paused &= !work.follow(consumer.context().take_changes());
                }
                // Asked for even when paused: from in here the group's changes are told.
                received = consumer.recv() => {
                    paused &= !work.follow(consumer.context().take_changes());
                    match received {
                        Ok(message) => work.take(&message),
                        Err(error) => {
                            tracing::warn!(component = self.config.component, %error, "consumer error");
                            tokio::time::sleep(ERROR_PAUSE).await;
                        }
                    }
                }
            }
        }
        work.drain(&consumer, Duration::from_millis(self.config.drain_timeout_ms)).await;
        leave(consumer).await;
        Ok(())
    }

    fn join(&self) -> Result<StreamConsumer<Context>, KafkaFault> {
        let context = Context::new(Arc::clone(&self.counts));
        let mut config = self.kafka.client();
        let consumer: StreamConsumer<Context> = config
            .set("group.id", &self.config.component)
            .set("session.timeout.ms", SESSION_TIMEOUT_MS.to_string())
            .set("heartbeat.interval.ms", HEARTBEAT_INTERVAL_MS.to_string())
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "500")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("topic.metadata.refresh.interval.ms", "30000")
            .set("statistics.interval.ms", "5000")
            // Fetched ahead and kept in this process, per consumer.
            .set("queued.max.messages.kbytes", "8192")
            .create_with_context(context)
            .map_err(KafkaFault::Configuration)?;
        let topics: Vec<&str> = self.config.topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(KafkaFault::Configuration)?;
        Ok(consumer)
    }
}

/// What is between the receiving of a record and the commit of its offset.
struct Work {
    lanes: Lanes,
    offsets: Offsets,
    running: FuturesUnordered<BoxFuture<'static, Settled>>,
    courier: Arc<Courier>,
    counts: Arc<Counts>,
}

impl Work {
    /// Takes note of partitions that came and went, and says whether any came.
    fn follow(&mut self, changes: Vec<Change>) -> bool {
        let mut gained = false;
        for change in changes {
            match change {
                Change::Gained(partitions) => {
                    gained = true;
                    partitions.into_iter().for_each(|partition| self.offsets.begin(partition));
                }
                Change::Lost(partitions) => {
                    for partition in partitions {
                        self.offsets.end(&partition);
                        self.lanes.clear(&partition);
                    }
                }
            }
        }
        self.report();
        gained
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) {
        let partition = Assignment { topic: message.topic().to_owned(), partition: message.partition() };
        let stop = self.offsets.received(partition, message.offset());
        if let Some(job) = self.lanes.enter(Job { record: Record::of(message), stop }) {
            self.start(job);
        }
        self.report();
    }

    fn settle(&mut self, consumer: &StreamConsumer<Context>, settled: Settled) {
        if settled.is_over
            && let Some(next) = self.offsets.settled(&settled.job)
            && let Err(error) = consumer.store_offsets(&next)
        {
            // The partition went to another member meanwhile, which will deliver the record again.
            tracing::debug!(%error, "offset not stored");
        }
        if let Some(job) = self.lanes.leave(&settled.job) {
            self.start(job);
        }
        self.report();
    }

    fn start(&mut self, job: Job) {
        let courier = Arc::clone(&self.courier);
        self.running.push(Box::pin(async move { courier.carry(job).await }));
    }

    /// Nothing new begins; deliveries under way are waited for.
    async fn drain(&mut self, consumer: &StreamConsumer<Context>, at_most: Duration) {
        self.lanes.clear_all();
        self.offsets.stop_retries();
        let finish = async {
            while let Some(settled) = self.running.next().await {
                self.settle(consumer, settled);
            }
        };
        if tokio::time::timeout(at_most, finish).await.is_err() {
            tracing::warn!("deliveries outlasted the stop; they will be repeated");
        }
    }

    fn report(&self) {
        self.counts.unsettled.store(self.offsets.open(), Ordering::Relaxed);
    }
}

fn set_paused(consumer: &StreamConsumer<Context>, paused: bool) {
    let result = consumer
        .assignment()
        .and_then(|all| if paused { consumer.pause(&all) } else { consumer.resume(&all) });
    if let Err(error) = result {
        tracing::warn!(%error, paused, "fetching not changed");
    }
}

/// Commits and leaves the group, so that its other members go on at once.
async fn leave(consumer: StreamConsumer<Context>) {
    let (left, leaving) = tokio::sync::oneshot::channel::<()>();
    let leave = move || {
        // An error here is that there is nothing to commit, or that nobody answers.
        if let Err(error) = consumer.commit_consumer_state(CommitMode::Sync) {
            tracing::debug!(%error, "nothing committed while leaving");
        }
        consumer.unsubscribe();
        // Serves the last change of the group.
        consumer.fetch_metadata(None, Timeout::After(Duration::ZERO)).ok();
        drop(consumer);
        drop(left);
    };
    // A thread of its own: librdkafka waits for a broker however long it is away, and at its end a runtime waits for
    // its own threads that long too.
    if let Err(error) = std::thread::Builder::new().name("kafka-leave".to_owned()).spawn(leave) {
        tracing::warn!(%error, "the consumer group is not left");
        return;
    }
    if tokio::time::timeout(LEAVE_TIMEOUT, leaving).await.is_err() {
        tracing::warn!("leaving the consumer group takes too long");
    }
}
