//! What runs beside requests: outboxes are relayed, events and timers are delivered.

use crate::Bridges;
use crate::deliver::{ByRequest, Invoke, Receiver};
use mcsp_bridge_api::token;
use mcsp_kafka::{Consumer, ConsumerConfig, ConsumerCounts, ConsumerMeter};
use mcsp_manifest::Manifest;
use mcsp_outbox::{Relay, RelayConfig, RelayCounts, RelayMeter};
use mcsp_timers::{TimerCounts, Timers, TimersConfig, TimersMeter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a stop waits for Kafka to take what is queued.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// What runs beside requests: all names are the manifest's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// Services whose outboxes are relayed.
    pub relay: BTreeSet<String>,
    /// Services whose timers are delivered.
    pub remind: BTreeSet<String>,
    /// Components whose events are consumed.
    pub consume: BTreeSet<String>,
}

impl Duties {
    /// Everything that the manifest has.
    pub fn all(manifest: &Manifest) -> Self {
        let services: BTreeSet<String> = manifest.services().into_iter().map(str::to_owned).collect();
        Duties {
            relay: services.clone(),
            remind: services,
            consume: manifest.components.keys().cloned().collect(),
        }
    }
}

/// Relays and consumers, running on the runtime that started them.
pub struct Background {
    bridges: Arc<Bridges>,
    consumers: CancellationToken,
    relays: CancellationToken,
    consuming: TaskTracker,
    relaying: TaskTracker,
    consumer_meters: BTreeMap<String, ConsumerMeter>,
    relay_meters: BTreeMap<String, RelayMeter>,
    timer_meters: BTreeMap<String, TimersMeter>,
}

impl Background {
    /// Does these duties until it is stopped; all that is delivered, by `invoke`.
    pub fn start(bridges: Arc<Bridges>, duties: &Duties, invoke: Arc<dyn Invoke>) -> Self {
        let mut background = Background {
            bridges,
            consumers: CancellationToken::new(),
            relays: CancellationToken::new(),
            consuming: TaskTracker::new(),
            relaying: TaskTracker::new(),
            consumer_meters: BTreeMap::new(),
            relay_meters: BTreeMap::new(),
            timer_meters: BTreeMap::new(),
        };
        let deliver = background.deliver(invoke);
        for service in &duties.relay {
            background.relay(service);
        }
        for service in &duties.remind {
            background.remind(service, &deliver);
        }
        background.consume(&duties.consume, &deliver);
        background
    }

    fn relay(&mut self, service: &str) {
        let (Some(producer), Some(config)) =
            (self.bridges.producer.clone(), self.bridges.config.postgres_of(service))
        else {
            return;
        };
        let config = RelayConfig { tracer: self.bridges.tracer.clone(), ..RelayConfig::new(config) };
        let relay = Relay::new(config, producer, self.bridges.wake(service));
        self.relay_meters.insert(service.to_owned(), relay.meter());
        self.relaying.spawn(relay.run(self.relays.clone()));
    }

    /// Delivers to every component that takes events.
    fn deliver(&self, invoke: Arc<dyn Invoke>) -> Arc<ByRequest> {
        let components = self.bridges.manifest.components.values();
        let receivers = components.filter_map(|component| {
            let path = component.settings.grants.events_path.clone()?;
            Some((component.id.clone(), Receiver { path, service: component.service().into() }))
        });
        Arc::new(ByRequest {
            invoke,
            token: token::shown(&self.bridges.config.token).to_owned(),
            receivers: receivers.collect(),
            tracer: self.bridges.tracer.clone(),
        })
    }

    fn remind(&mut self, service: &str, deliver: &Arc<ByRequest>) {
        let components = self.bridges.manifest.components_of(service);
        let reminded = components.filter(|component| component.settings.grants.timers);
        let reminded: Vec<String> = reminded.map(|component| component.id.clone()).collect();
        let Some(config) = self.bridges.config.postgres_of(service).filter(|_| !reminded.is_empty()) else {
            return;
        };
        let timers = Timers::new(TimersConfig::new(config, reminded), deliver.clone());
        self.timer_meters.insert(service.to_owned(), timers.meter());
        self.consuming.spawn(timers.run(self.consumers.clone()));
    }

    fn consume(&mut self, components: &BTreeSet<String>, deliver: &Arc<ByRequest>) {
        let (Some(producer), Some(kafka)) =
            (self.bridges.producer.clone(), self.bridges.config.kafka.clone())
        else {
            return;
        };
        let manifest = Arc::clone(&self.bridges.manifest);
        let chosen = manifest.components.values().filter(|component| components.contains(&component.id));
        for component in chosen.filter(|component| !component.settings.grants.consumes.is_empty()) {
            let topics: Vec<&str> = component.settings.grants.consumes.iter().map(String::as_str).collect();
            let config = ConsumerConfig::new(&component.id, &topics);
            let consumer = Consumer::new(kafka.clone(), config, producer.clone());
            self.consumer_meters.insert(component.id.clone(), consumer.meter());
            let (deliver, stop, id) = (deliver.clone(), self.consumers.clone(), component.id.clone());
            self.consuming.spawn(async move {
                if let Err(error) = consumer.run(deliver, stop).await {
                    tracing::error!(
                        component = id,
                        error = &error as &dyn std::error::Error,
                        "consumer ended"
                    );
                }
            });
        }
    }

    /// How each consumer stands, by component.
    pub fn consumers(&self) -> BTreeMap<String, ConsumerCounts> {
        self.consumer_meters.iter().map(|(id, meter)| (id.clone(), meter.counts())).collect()
    }

    /// How each relay stands, by service.
    pub fn relays(&self) -> BTreeMap<String, RelayCounts> {
        self.relay_meters.iter().map(|(service, meter)| (service.clone(), meter.counts())).collect()
    }

    /// What has become of each service's timers.
    pub fn timers(&self) -> BTreeMap<String, TimerCounts> {
        self.timer_meters.iter().map(|(service, meter)| (service.clone(), meter.counts())).collect()
    }

    /// Stops taking events, finishes those under way and leaves the consumer groups.
    pub async fn stop_consuming(&self) {
        self.consumers.cancel();
        self.consuming.close();
        self.consuming.wait().await;
    }

    /// Stops taking events, then publishes what the outboxes still hold. To be called when nothing more is
    /// committed.
    pub async fn stop(&self) {
        self.stop_consuming().await;
        self.relays.cancel();
        self.relaying.close();
        self.relaying.wait().await;
        if let Some(producer) = &self.bridges.producer
            && !producer.flush(FLUSH_TIMEOUT).await
        {
            tracing::warn!("Kafka did not take all queued signals in time");
        }
    }
}
