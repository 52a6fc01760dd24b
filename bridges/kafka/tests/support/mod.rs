//! Topics of its own for each test, on the Kafka that `scripts/test` started.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod proxy;

use async_trait::async_trait;
use futures::StreamExt;
use mcsp_bridge_api::kafka::Event;
use mcsp_guard::{Guard, PolicyTable};
use mcsp_kafka::{
    CloudEvent, Consumer, ConsumerConfig, ConsumerMeter, Deliver, Delivery, KafkaConfig, KafkaFault,
    Producer, TailFrom, ensure_topics, tail,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn brokers() -> String {
    std::env::var("MCSP_TEST_KAFKA_BROKERS").expect("MCSP_TEST_KAFKA_BROKERS is not set: run scripts/test")
}

pub fn config() -> KafkaConfig {
    KafkaConfig::new(&brokers())
}

// Names that must not collide between test runs.
#[allow(clippy::disallowed_methods)]
pub fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

pub fn guard() -> Guard {
    Guard::new("test", "kafka", PolicyTable::default().policy("test", "kafka"))
}

/// A new topic.
pub async fn topic(partitions: i32) -> String {
    let topic = format!("test.{}", unique());
    ensure_topics(&config(), &[&topic], partitions).await.unwrap();
    topic
}

pub fn event(topic: &str, key: &str, data: &str) -> Event {
    Event {
        topic: topic.to_owned(),
        key: key.to_owned(),
        id: unique(),
        type_: "mcsp.test.thing.changed.v1".to_owned(),
        source: "/mcsp/test".to_owned(),
        time_us: 1_790_000_000_123_456,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        data: data.as_bytes().to_vec(),
    }
}

/// Reads so many events of a topic from its beginning.
pub async fn read(topic: &str, count: usize) -> Vec<CloudEvent> {
    let stream = tail(&config(), topic, TailFrom::Beginning).await.unwrap();
    let all = stream.take(count).map(|event| event.unwrap().unwrap()).collect();
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("no {count} events in {topic}"))
}

type Answer = dyn Fn(&CloudEvent, usize) -> Delivery + Send + Sync;

/// A component that remembers what it was given, and answers as it is told: by the event, and by how many
/// times it was delivered before.
pub struct Component {
    answer: Box<Answer>,
    delivered: Mutex<Vec<CloudEvent>>,
    pub at_once: Mutex<(usize, usize)>,
    pub hold: Duration,
}

impl Component {
    pub fn new(answer: impl Fn(&CloudEvent, usize) -> Delivery + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(Duration::ZERO, answer)
    }

    pub fn slow(
        hold: Duration,
        answer: impl Fn(&CloudEvent, usize) -> Delivery + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Component {
            answer: Box::new(answer),
            delivered: Mutex::default(),
            at_once: Mutex::default(),
            hold,
        })
    }

    pub fn delivered(&self) -> Vec<CloudEvent> {
        self.delivered.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.delivered.lock().unwrap().len()
    }
}

#[async_trait]
impl Deliver for Component {
    async fn deliver(&self, _: &str, event: &CloudEvent) -> Delivery {
        let before = {
            let mut delivered = self.delivered.lock().unwrap();
            let before = delivered.iter().filter(|other| other.id == event.id).count();
            delivered.push(event.clone());
            before
        };
        {
            let mut at_once = self.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        tokio::time::sleep(self.hold).await;
        self.at_once.lock().unwrap().0 -= 1;
        (self.answer)(event, before)
    }
}

/// A consumer at work.
pub struct Running {
    pub meter: ConsumerMeter,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), KafkaFault>>,
}

impl Running {
    pub fn start(config: ConsumerConfig, deliver: Arc<dyn Deliver>) -> Self {
        let producer = Producer::new(&self::config()).unwrap();
        let consumer = Consumer::new(self::config(), config, producer);
        let (meter, shutdown) = (consumer.meter(), CancellationToken::new());
        let task = tokio::spawn(consumer.run(deliver, shutdown.clone()));
        Running { meter, shutdown, task }
    }

    /// Stops as a process does on SIGTERM.
    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }

    /// Stops as a process does on SIGKILL, as far as this process can.
    pub fn kill(self) {
        self.task.abort();
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
