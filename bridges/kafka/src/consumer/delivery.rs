//! One record's way to its component: delivered, or tried again with growing waits, or buried.

use super::Counts;
use super::lanes::Job;
use crate::client::Producer;
use crate::config::{ConsumerConfig, PatienceConfig};
use crate::dead_letter::{bury, dead_letter_topic, is_for_another};
use crate::record::CloudEvent;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Hands events to components: in the runner by a call within the process, in the sidecar by HTTP.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Delivers once. Repeating, its waits and its end are the consumer's business.
    async fn deliver(&self, component: &str, event: &CloudEvent) -> Delivery;
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The component has taken the event.
    Done,
    /// The component will never take this event: it becomes a dead letter at once.
    Reject {
        /// A machine code; it is kept with the dead letter.
        cause: String,
    },
    /// It may work later.
    Retry {
        /// A machine code; the last one is kept with the dead letter.
        cause: String,
    },
    /// Nothing is wrong with the event: what it is to be written to is out of reach. It waits for as long as that lasts.
    Wait {
        /// A machine code, for the log.
        cause: String,
    },
}

/// A job after its way.
#[derive(Debug)]
pub(crate) struct Settled {
    pub job: Job,
    /// False where a stop came first: whoever consumes next delivers the record again.
    pub is_over: bool,
}

/// Carries one component's records.
pub(crate) struct Courier {
    component: String,
    places: Semaphore,
    delivery_timeout: Duration,
    patience: PatienceConfig,
    producer: Producer,
    deliver: Arc<dyn Deliver>,
    counts: Arc<Counts>,
}

impl Courier {
    pub(crate) fn new(
        config: &ConsumerConfig,
        producer: Producer,
        deliver: Arc<dyn Deliver>,
        counts: Arc<Counts>,
    ) -> Self {
        Courier {
            component: config.component.clone(),
            places: Semaphore::new(config.max_in_flight.max(1)),
            delivery_timeout: Duration::from_millis(config.delivery_timeout_ms),
            patience: config.patience,
            producer,
            deliver,
            counts,
        }
    }

    pub(crate) async fn carry(&self, job: Job) -> Settled {
        let is_over = self.settle(&job).await;
        Settled { job, is_over }
    }

    async fn settle(&self, job: &Job) -> bool {
        if is_for_another(&job.record, &self.component) {
            self.counts.skipped.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let event = match job.record.event() {
            Ok(event) => event,
            Err(cause) => return self.bury(job, 0, cause).await,
        };
        // Since the event has failed by itself, without an outage in between.
        let (mut since, mut failures) = (Instant::now(), 0_u32);
        // Ends: `wait_after` gives none once patience is spent, and outages end.
        for attempts in 1.. {
            let wait = match self.deliver_once(job, &event).await {
                None => return false,
                Some(Delivery::Done) => {
                    self.counts.done.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Some(Delivery::Reject { cause }) => return self.bury(job, attempts, &cause).await,
                Some(Delivery::Retry { cause }) => {
                    failures = failures.saturating_add(1);
                    let Some(wait) = self.patience.wait_after(failures, since.elapsed()) else {
                        return self.bury(job, attempts, &cause).await;
                    };
                    wait
                }
                Some(Delivery::Wait { cause }) => {
                    tracing::debug!(component = self.component, cause, "an event waits");
                    (since, failures) = (Instant::now(), 0);
                    self.patience.wait(attempts)
                }
            };
            self.counts.retried.fetch_add(1, Ordering::Relaxed);
            if !wait_unless_stopped(job, wait).await {
                return false;
            }
        }
        false
    }

    /// None where the stop came before the delivery began. One that has begun is finished.
    async fn deliver_once(&self, job: &Job, event: &CloudEvent) -> Option<Delivery> {
        let _place = tokio::select! {
            biased;
            () = job.stop.cancelled() => return None,
            place = self.places.acquire() => place.ok()?,
        };
        let delivery = self.deliver.deliver(&self.component, event);
        Some(match tokio::time::timeout(self.delivery_timeout, delivery).await {
            Ok(delivery) => delivery,
            Err(_elapsed) => Delivery::Retry { cause: "delivery-timeout".to_owned() },
        })
    }

    /// Writes the dead letter. As long as that fails, the record is not settled: it is never lost. Where the
    /// partition went to another member, that one decides: it may have applied the record already.
    async fn bury(&self, job: &Job, attempts: u32, cause: &str) -> bool {
        if job.stop.is_cancelled() {
            return false;
        }
        let letter = bury(&job.record, &self.component, attempts, cause);
        let topic = dead_letter_topic(&job.record.topic);
        for failures in 1.. {
            match self.producer.forward(&letter, &topic).await {
                Ok(()) => {
                    self.counts.dead.fetch_add(1, Ordering::Relaxed);
                    let (component, topic) = (&self.component, &job.record.topic);
                    let (partition, offset) = (job.record.partition, job.record.offset);
                    tracing::warn!(
                        component,
                        topic,
                        partition,
                        offset,
                        attempts,
                        cause,
                        "event became a dead letter"
                    );
                    return true;
                }
                Err(error) => tracing::error!(topic, %error, "dead letter not written"),
            }
            if !wait_unless_stopped(job, self.patience.wait(failures)).await {
                return false;
            }
        }
        false
    }
}

async fn wait_unless_stopped(job: &Job, wait: Duration) -> bool {
    tokio::select! {
        biased;
        () = job.stop.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

impl PatienceConfig {
    /// The wait after so many failures, none once patience is spent.
    fn wait_after(&self, attempts: u32, elapsed: Duration) -> Option<Duration> {
        let spent = attempts >= self.min_attempts && elapsed >= Duration::from_millis(self.min_elapsed_ms);
        (!spent).then(|| self.wait(attempts))
    }

    /// Exponential, and somewhere between half of the bound and all of it, so that the events of an
    /// outage do not come back in step.
    fn wait(&self, failures: u32) -> Duration {
        let doubled = self.first_wait_ms.saturating_mul(1 << failures.saturating_sub(1).min(32));
        let bound = Duration::from_millis(doubled.min(self.max_wait_ms));
        bound.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_minutes_buries_nothing() {
        let patience = PatienceConfig::default();
        assert!(patience.wait_after(1_000, Duration::from_secs(599)).is_some());
        assert!(patience.wait_after(7, Duration::from_secs(3_600)).is_some());
        assert!(patience.wait_after(8, Duration::from_secs(600)).is_none());
    }

    #[test]
    fn waits_double_up_to_their_bound() {
        let patience = PatienceConfig::default();
        for (failures, bound_ms) in [(1, 100), (2, 200), (4, 800), (100, 10_000)] {
            let wait = patience.wait(failures);
            let bound = Duration::from_millis(bound_ms);
            assert!(wait <= bound && wait >= bound / 2, "{failures}: {wait:?}");
        }
    }
}
