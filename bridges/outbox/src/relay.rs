//! The relay's loop: wait for a commit, publish what waits, delete what Kafka has.

use crate::backoff::wait_after;
use crate::batch::{Batch, Traces};
use crate::config::RelayConfig;
use crate::error::RelayError;
use crate::held::Held;
use crate::meter::RelayMeter;
use crate::table::{Table, Waiting};
use mcsp_causes::in_one_line;
use mcsp_kafka::Producer;
use mcsp_postgres::OutboxWake;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long after the inbox and the idempotency keys were pruned they are pruned again.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// How often a batch that Kafka has not answered is looked at.
const LATE_WAIT: Duration = Duration::from_millis(500);

/// Relays one service's outbox.
pub struct Relay {
    config: RelayConfig,
    producer: Producer,
    wake: OutboxWake,
    meter: RelayMeter,
    traces: Traces,
}

/// What a round found.
#[derive(Debug, PartialEq, Eq)]
enum Round {
    /// Nothing waits.
    Empty,
    /// Nothing waits but what Kafka refuses.
    Held,
    /// Something was published or newly refused, or another relay is at it: look again at once.
    Busy,
}

impl Relay {
    /// Does nothing yet. `wake` is the one that the service's `Postgres` rings.
    pub fn new(config: RelayConfig, producer: Producer, wake: OutboxWake) -> Self {
        let service = Arc::from(config.postgres.schema.as_str());
        let traces = Traces { tracer: config.tracer.clone(), service };
        Relay { config, producer, wake, meter: RelayMeter::default(), traces }
    }

    /// For metrics, while the relay runs.
    pub fn meter(&self) -> RelayMeter {
        self.meter.clone()
    }

    /// Relays until `shutdown`, and then until the outbox is empty or the drain's time is up. Whatever
    /// fails is tried again: this returns for no other reason.
    pub async fn run(self, shutdown: CancellationToken) {
        let relaying = self.relay(&shutdown);
        let drain = Duration::from_millis(self.config.drain_timeout_ms);
        let stop = async {
            shutdown.cancelled().await;
            sleep(drain).await;
        };
        tokio::select! {
            () = relaying => {}
            () = stop => {
                let schema = &self.config.postgres.schema;
                tracing::warn!(schema, "the outbox was not empty when the relay stopped");
            }
        }
    }

    async fn relay(&self, shutdown: &CancellationToken) {
        let (mut table, mut held) = (None, Held::default());
        let mut woken = true;
        let mut failures = 0_u32;
        let mut prune_at = Instant::now();
        loop {
            match self.round(&mut table, &mut held, woken).await {
                Ok(Round::Empty) if shutdown.is_cancelled() => return,
                Ok(round) => {
                    failures = 0;
                    let left = !shutdown.is_cancelled() && self.prune(&mut table, &mut prune_at).await;
                    woken = match round {
                        Round::Busy => true,
                        // Between two prunings only a look whether anything came.
                        Round::Empty | Round::Held if left => false,
                        Round::Empty | Round::Held => self.wait(shutdown, held.retry_at()).await,
                    };
                }
                Err(error) => {
                    self.meter.failed();
                    let schema = &self.config.postgres.schema;
                    tracing::warn!(schema, error = in_one_line(&error), "the outbox is not relayed");
                    if matches!(error, RelayError::Postgres(_) | RelayError::ConnectTimeout) {
                        table = None;
                    }
                    sleep(wait_after(failures)).await;
                    (failures, woken) = (failures.saturating_add(1), true);
                }
            }
        }
    }

    /// Prunes a little once it is time to. True where more is left, for after the next round.
    async fn prune(&self, open: &mut Option<Table>, prune_at: &mut Instant) -> bool {
        let Some(table) = open.as_mut().filter(|_| *prune_at <= Instant::now()) else { return false };
        let pruned = table.prune().await;
        if matches!(pruned, Ok(true)) {
            return true;
        }
        *prune_at = Instant::now() + PRUNE_INTERVAL;
        if let Err(error) = pruned {
            tracing::warn!(
                schema = self.config.postgres.schema,
                error = in_one_line(&error),
                "nothing is pruned"
            );
            *open = None;
        }
        false
    }

    /// True where the outbox is known, or must be made sure, to hold something.
    async fn wait(&self, shutdown: &CancellationToken, retry_at: Option<Instant>) -> bool {
        let is_stopping = shutdown.is_cancelled();
        tokio::select! {
            () = self.wake.rung() => true,
            () = shutdown.cancelled(), if !is_stopping => true,
            () = sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => true,
            () = sleep(Duration::from_millis(self.config.poll_interval_ms)) => false,
        }
    }

    async fn round(
        &self,
        open: &mut Option<Table>,
        held: &mut Held,
        woken: bool,
    ) -> Result<Round, RelayError> {
        if held.retry_at().is_some_and(|at| at <= Instant::now()) {
            self.release(held).await;
        }
        let table = match open {
            Some(table) => table,
            None => open.insert(Table::open(&self.config).await?),
        };
        if !woken && !table.has_any().await? {
            held.forget();
            self.meter.saw(0, 0);
            return Ok(Round::Empty);
        }
        if !table.lock().await? {
            return Ok(Round::Busy);
        }
        let (waiting, is_empty) = self.read(table, held).await?;
        let Some(last_id) = waiting.last().map(|last| last.id) else {
            table.commit().await?;
            if is_empty {
                held.forget();
            }
            return Ok(if is_empty { Round::Empty } else { Round::Held });
        };
        let mut batch = Batch::publish(&self.producer, waiting, &self.traces);
        let in_time = batch.settle(Duration::from_millis(self.config.publish_wait_ms)).await;
        let mut published = self.finish(table, &mut batch).await?;
        if !in_time {
            published += self.finish_late(table, &mut batch).await?;
        }
        self.hold(held, &batch, last_id);
        if published == 0 && batch.refusals().is_empty() && batch.is_cut_short() {
            return Err(RelayError::QueueFull);
        }
        Ok(Round::Busy)
    }

    /// Reads what is to be published next, and whether the outbox is empty, also of what is held.
    async fn read(&self, table: &mut Table, held: &mut Held) -> Result<(Vec<Waiting>, bool), RelayError> {
        let sees_all = held.is_empty() && !held.is_careful();
        let at_most = if held.is_careful() { 1 } else { self.config.batch_events };
        let waiting = table.read(at_most, held).await?;
        held.has_read(waiting.last().map(|last| last.id));
        let (count, oldest_age_ms) = if sees_all {
            let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
            (count, waiting.first().map(|oldest| oldest.age_ms))
        } else {
            table.backlog(self.config.batch_events).await?
        };
        self.meter.saw(count, oldest_age_ms.unwrap_or(0));
        Ok((waiting, count == 0))
    }

    /// Deletes what Kafka has, and says how many.
    async fn finish(&self, table: &mut Table, batch: &mut Batch) -> Result<usize, RelayError> {
        let published = batch.take_published();
        table.delete(&published).await?;
        table.commit().await?;
        self.meter.published(published.len());
        Ok(published.len())
    }

    /// Kafka is away. The events stay in the producer's queue, in their order; queueing them a second time
    /// would publish them twice. So they are waited for, but with no transaction open.
    async fn finish_late(&self, table: &mut Table, batch: &mut Batch) -> Result<usize, RelayError> {
        self.meter.failed();
        tracing::warn!(schema = self.config.postgres.schema, "Kafka does not answer; the outbox waits");
        while !batch.settle(LATE_WAIT).await {
            let (waiting, oldest_age_ms) = table.backlog(self.config.batch_events).await?;
            self.meter.saw(waiting, oldest_age_ms.unwrap_or(0));
        }
        // Each wait for another relay is bounded, and so is what that one does.
        while !table.lock().await? {}
        self.finish(table, batch).await
    }

    fn hold(&self, held: &mut Held, batch: &Batch, last_id: i64) {
        let refusals = batch.refusals();
        held.settle(refusals, last_id, Instant::now());
        self.meter.refused(refusals.len());
        let Some(first) = refusals.first() else { return };
        tracing::warn!(
            schema = self.config.postgres.schema,
            topic = first.topic,
            event_id = first.event_id,
            refusals = refusals.len(),
            error = in_one_line(&first.fault),
            "Kafka does not take an event; those after it under its key wait"
        );
    }

    /// Lets go what is held, for another try. A topic that is not there stays held: for publishing to it the
    /// whole outbox would wait until the producer gives up.
    async fn release(&self, held: &mut Held) {
        let mut missing = Vec::new();
        for topic in held.whole_topics() {
            match self.producer.has_topic(&topic).await {
                Ok(true) => {}
                Ok(false) => {
                    let schema = &self.config.postgres.schema;
                    tracing::warn!(schema, topic, "the topic is not there; its events wait");
                    missing.push(topic);
                }
                // Kafka is away: nothing is known, and no other topic will be.
                Err(_) => break,
            }
        }
        held.release(&missing, Instant::now());
    }
}
