//! Topics of its own for each test, on the Kafka that `scripts/test` started.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod proxy;

use async_trait::async_trait;
use futures::StreamExt;
use mcsp_bridge_api::kafka::Event;
use mcsp_guard::{Guard, PolicyTable};
use mcsp_kafka::{
    CloudEvent, Consumer, ConsumerConfig, ConsumerMeter, Deliver, Delivery, KafkaConfig, KafkaFault,
    Producer, TailFrom, dead_letter_topic, ensure_topics, tail,
};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn brokers() -> String {
    std::env::var("MCSP_TEST_KAFKA_BROKERS").expect("MCSP_TEST_KAFKA_BROKERS is not set: run scripts/test")
}

/// With time for a machine that is busy with other tests.
pub fn config() -> KafkaConfig {
    KafkaConfig { deadline_ms: PATIENCE.as_millis() as u64, ..KafkaConfig::new(&brokers()) }
}

// Names that must not collide between test runs.
#[allow(clippy::disallowed_methods)]
pub fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

pub fn guard() -> Guard {
    Guard::new("test", "kafka", PolicyTable::default().policy("test", "kafka"))
}

/// A new topic, with that of its dead letters.
pub async fn topic(partitions: i32) -> String {
    let topic = format!("test.{}", unique());
    make(&topic, partitions).await;
    topic
}

/// Makes a topic and waits until clients see it.
pub async fn make(topic: &str, partitions: i32) {
    ensure_topics(&config(), &[topic], partitions).await.unwrap();
    for topic in [topic, &dead_letter_topic(topic)] {
        until("the topic is there", async || partitions_of(topic).await > 0).await;
    }
}

/// A new topic of one partition that takes no more than so many bytes at once.
pub async fn narrow_topic(max_bytes: usize) -> String {
    let (topic, max_bytes) = (format!("test.{}", unique()), max_bytes.to_string());
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(-1)).set("max.message.bytes", &max_bytes);
    let made = admin.create_topics([&new], &AdminOptions::new()).await.unwrap();
    made.into_iter().for_each(|made| assert_eq!(made, Ok(topic.clone())));
    until("the topic is there", async || partitions_of(&topic).await > 0).await;
    topic
}

/// How many partitions a topic has; none where it is not there.
pub async fn partitions_of(topic: &str) -> usize {
    let topic = topic.to_owned();
    let ask = move || {
        let consumer: BaseConsumer = client().create().unwrap();
        let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE).unwrap();
        metadata.topics().iter().map(|found| found.partitions().len()).sum()
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

fn client() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers());
    config
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
        tracestate: Some("congo=t61rcWkgMzE".to_owned()),
        data: data.as_bytes().to_vec(),
    }
}

/// Reads so many events of a topic from its beginning.
pub async fn read(topic: &str, count: usize) -> Vec<CloudEvent> {
    read_until(topic, |events| events.len() == count).await
}

/// Reads a topic from its beginning until so many different events have come: each as often as it came.
pub async fn read_distinct(topic: &str, count: usize) -> Vec<CloudEvent> {
    let mut ids = HashSet::new();
    read_until(topic, |events| {
        ids.extend(events.last().map(|last| last.id.clone()));
        ids.len() == count
    })
    .await
}

async fn read_until(topic: &str, mut is_all: impl FnMut(&[CloudEvent]) -> bool) -> Vec<CloudEvent> {
    let mut stream = Box::pin(tail(&config(), topic, TailFrom::Beginning).await.unwrap());
    let mut events = Vec::new();
    let all = async {
        while !is_all(&events) {
            // A fault is a connection that is made anew.
            if let Ok(event) = stream.next().await.unwrap() {
                events.push(event.unwrap());
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, all).await.is_ok();
    assert!(in_time, "only {} events in {topic}", events.len());
    events
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
        Self::start_through(self::config(), config, deliver)
    }

    /// Its own way to the brokers.
    pub fn start_through(kafka: KafkaConfig, config: ConsumerConfig, deliver: Arc<dyn Deliver>) -> Self {
        let producer = Producer::new(&kafka).unwrap();
        let consumer = Consumer::new(kafka, config, producer);
        let (meter, shutdown) = (consumer.meter(), CancellationToken::new());
        let task = tokio::spawn(consumer.run(deliver, shutdown.clone()));
        Running { meter, shutdown, task }
    }

    /// Stops as a process does on SIGTERM.
    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }

    /// Stops without finishing anything. The client still leaves its group.
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
