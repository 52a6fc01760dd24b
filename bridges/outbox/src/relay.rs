//! The relay's loop: wait for a commit, publish what waits, delete what Kafka has.

use crate::batch::Batch;
use crate::config::RelayConfig;
use crate::error::RelayError;
use crate::meter::RelayMeter;
use crate::table::Table;
use mcsp_kafka::Producer;
use mcsp_postgres::OutboxWake;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Upper bound of the wait after the first failed round; doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// Upper bound of any wait.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How often the inbox and the idempotency keys are pruned, when there is nothing to relay.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// How often a batch that Kafka has not answered is looked at.
const LATE_WAIT: Duration = Duration::from_millis(500);

/// Relays one service's outbox.
pub struct Relay {
    config: RelayConfig,
    producer: Producer,
    wake: OutboxWake,
    meter: RelayMeter,
}

/// What a round found.
#[derive(Debug, PartialEq, Eq)]
enum Round {
    /// Nothing waits.
    Empty,
    /// Something was published, or another relay is at it: look again at once.
    Busy,
}

impl Relay {
    /// Does nothing yet. `wake` is the one that the service's `Postgres` rings.
    pub fn new(config: RelayConfig, producer: Producer, wake: OutboxWake) -> Self {
        Relay { config, producer, wake, meter: RelayMeter::default() }
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
        let mut table = None;
        let mut woken = true;
        let mut failures = 0_u32;
        let mut prune_at = Instant::now();
        loop {
            match self.round(&mut table, woken).await {
                Ok(Round::Busy) => (failures, woken) = (0, true),
                Ok(Round::Empty) if shutdown.is_cancelled() => return,
                Ok(Round::Empty) => {
                    failures = 0;
                    if prune_at <= Instant::now() {
                        prune_at = Instant::now() + PRUNE_INTERVAL;
                        self.prune(&mut table).await;
                    }
                    woken = self.wait(shutdown).await;
                }
                Err(error) => {
                    self.meter.failed();
                    let schema = &self.config.postgres.schema;
                    tracing::warn!(schema, error = chain(&error), "the outbox is not relayed");
                    if matches!(error, RelayError::Postgres(_) | RelayError::ConnectTimeout) {
                        table = None;
                    }
                    sleep(wait_after(failures)).await;
                    (failures, woken) = (failures.saturating_add(1), true);
                }
            }
        }
    }

    async fn prune(&self, open: &mut Option<Table>) {
        if let Some(table) = open
            && let Err(error) = table.prune().await
        {
            tracing::warn!(schema = self.config.postgres.schema, error = chain(&error), "nothing is pruned");
            *open = None;
        }
    }

    /// True where the outbox is known, or must be made sure, to hold something.
    async fn wait(&self, shutdown: &CancellationToken) -> bool {
        tokio::select! {
            () = self.wake.rung() => true,
            () = shutdown.cancelled() => true,
            () = sleep(Duration::from_millis(self.config.poll_interval_ms)) => false,
        }
    }

    async fn round(&self, open: &mut Option<Table>, woken: bool) -> Result<Round, RelayError> {
        let table = match open {
            Some(table) => table,
            None => open.insert(Table::open(&self.config).await?),
        };
        if !woken && !table.has_any().await? {
            self.meter.saw(0, 0);
            return Ok(Round::Empty);
        }
        if !table.lock().await? {
            return Ok(Round::Busy);
        }
        let waiting = table.read(self.config.batch_events).await?;
        let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
        self.meter.saw(count, waiting.first().map_or(0, |oldest| oldest.age_ms));
        if waiting.is_empty() {
            table.commit().await?;
            return Ok(Round::Empty);
        }
        let mut batch = Batch::publish(&self.producer, waiting);
        let in_time = batch.settle(Duration::from_millis(self.config.publish_wait_ms)).await;
        self.finish(table, &mut batch).await?;
        table.commit().await?;
        if !in_time {
            self.finish_late(table, &mut batch).await?;
        }
        batch.take_refusal().map_or(Ok(Round::Busy), Err)
    }

    async fn finish(&self, table: &mut Table, batch: &mut Batch) -> Result<(), RelayError> {
        let published = batch.take_published();
        table.delete(&published).await?;
        self.meter.published(published.len());
        Ok(())
    }

    /// Kafka is away. The events stay in the producer's queue, in their order; queueing them a second time
    /// would publish them twice. So they are waited for, but with no transaction open.
    async fn finish_late(&self, table: &mut Table, batch: &mut Batch) -> Result<(), RelayError> {
        self.meter.failed();
        tracing::warn!(schema = self.config.postgres.schema, "Kafka does not answer; the outbox waits");
        while !batch.settle(LATE_WAIT).await {
            let (waiting, oldest_age_ms) = table.backlog(self.config.batch_events).await?;
            self.meter.saw(waiting, oldest_age_ms.unwrap_or(0));
        }
        if !table.lock().await? {
            return Err(RelayError::PublishTimeout);
        }
        self.finish(table, batch).await?;
        table.commit().await
    }
}

/// Exponential, and somewhere between half of the bound and all of it, so that relays do not come back in
/// step.
fn wait_after(failures: u32) -> Duration {
    let bound = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(MAX_WAIT);
    bound.mul_f64(rand::random_range(0.5..=1.0))
}

fn chain(error: &RelayError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
