//! The loop: claim what is due, deliver it, settle it.

use crate::config::TimersConfig;
use crate::error::TimersError;
use crate::meter::TimersMeter;
use crate::table::{Due, Table};
use futures::future::join_all;
use mcsp_kafka::{Deliver, Delivery};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Doublings of a wait at most.
const DOUBLINGS_MAX: u32 = 20;

/// Delivers one service's timers.
pub struct Timers {
    config: TimersConfig,
    deliver: Arc<dyn Deliver>,
    meter: TimersMeter,
}

impl Timers {
    /// Does nothing yet.
    pub fn new(config: TimersConfig, deliver: Arc<dyn Deliver>) -> Self {
        Timers { config, deliver, meter: TimersMeter::default() }
    }

    /// For metrics, while timers are delivered.
    pub fn meter(&self) -> TimersMeter {
        self.meter.clone()
    }

    /// Delivers until `shutdown`, and then what is under way, for as long as a stop waits. Whatever fails is tried
    /// again: this returns for no other reason.
    pub async fn run(self, shutdown: CancellationToken) {
        let drain = Duration::from_millis(self.config.drain_timeout_ms);
        let stop = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        tokio::select! {
            () = self.deliver_all(&shutdown) => {}
            () = stop => {
                tracing::warn!(schema = self.config.postgres.schema, "deliveries outlasted the stop");
            }
        }
    }

    async fn deliver_all(&self, shutdown: &CancellationToken) {
        let mut table = None;
        let mut failures = 0_u32;
        loop {
            let wait = match self.round(&mut table).await {
                Ok(more) => {
                    failures = 0;
                    if more { Duration::ZERO } else { Duration::from_millis(self.config.poll_interval_ms) }
                }
                Err(error) => {
                    let schema = &self.config.postgres.schema;
                    tracing::warn!(
                        schema,
                        error = &error as &dyn std::error::Error,
                        "timers are not delivered"
                    );
                    (table, failures) = (None, failures.saturating_add(1));
                    self.wait_after(i64::from(failures))
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// True where more may be due.
    async fn round(&self, open: &mut Option<Table>) -> Result<bool, TimersError> {
        let table = match open {
            Some(table) => table,
            None => open.insert(Table::open(&self.config).await?),
        };
        let due = table.claim(&self.config).await?;
        let deliveries = join_all(due.iter().map(|due| self.deliver_one(due))).await;
        for (due, delivery) in due.iter().zip(deliveries) {
            self.settle(table, due, delivery).await?;
        }
        Ok(due.len() >= self.config.batch as usize)
    }

    async fn deliver_one(&self, due: &Due) -> Delivery {
        let timeout = Duration::from_millis(self.config.delivery_timeout_ms);
        let delivery = self.deliver.deliver(&due.component, &due.event);
        match tokio::time::timeout(timeout, delivery).await {
            Ok(delivery) => delivery,
            Err(_) => Delivery::Retry { cause: "timeout".to_owned() },
        }
    }

    async fn settle(&self, table: &mut Table, due: &Due, delivery: Delivery) -> Result<(), TimersError> {
        let (component, event_id) = (&due.component, &due.event.id);
        match delivery {
            Delivery::Done => {
                self.meter.done();
                table.done(due).await
            }
            Delivery::Retry { cause } | Delivery::Wait { cause } => {
                self.meter.retried();
                tracing::debug!(component, event_id, cause, "a timer comes again");
                table.postpone(due, self.wait_after(due.deliveries)).await
            }
            Delivery::Reject { cause } => {
                self.meter.refused();
                tracing::warn!(component, event_id, cause, "a timer was refused for good");
                table.refuse(due, &cause).await
            }
        }
    }

    /// Exponential, and somewhere between half of the bound and all of it, so that failures do not come back in step.
    fn wait_after(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(DOUBLINGS_MAX);
        let bound = Duration::from_millis(self.config.first_wait_ms).saturating_mul(1 << doublings);
        bound.min(Duration::from_millis(self.config.max_wait_ms)).mul_f64(rand::random_range(0.5..=1.0))
    }
}
