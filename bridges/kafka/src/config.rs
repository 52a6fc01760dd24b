//! Where Kafka is, and the limits of what this process asks of it.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use serde::Deserialize;

/// A process' access to Kafka.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, several with commas between.
    pub brokers: String,
    /// The name under which the brokers see this process.
    #[serde(default = "default_client_id")]
    pub client_id: String,
    /// How long records that somebody waits for are gathered before they are sent.
    #[serde(default = "default_linger_ms")]
    pub linger_ms: u32,
    /// How long signals are, which nobody waits for.
    #[serde(default = "default_signal_linger_ms")]
    pub signal_linger_ms: u32,
    /// Records that wait in each of the two queues of this process; beyond, publishing is `overloaded`.
    #[serde(default = "default_queue_records")]
    pub queue_records: u32,
    /// Kibibytes that wait in each.
    #[serde(default = "default_queue_kib")]
    pub queue_kib: u32,
    /// Time for a whole call of `publish` that waits for the replicas.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
}

fn default_client_id() -> String {
    "mcsp".to_owned()
}

fn default_linger_ms() -> u32 {
    1
}

fn default_signal_linger_ms() -> u32 {
    100
}

fn default_queue_records() -> u32 {
    100_000
}

fn default_queue_kib() -> u32 {
    64 * 1024
}

fn default_deadline_ms() -> u64 {
    5_000
}

impl KafkaConfig {
    /// A configuration with the default limits.
    pub fn new(brokers: &str) -> Self {
        KafkaConfig {
            brokers: brokers.to_owned(),
            client_id: default_client_id(),
            linger_ms: default_linger_ms(),
            signal_linger_ms: default_signal_linger_ms(),
            queue_records: default_queue_records(),
            queue_kib: default_queue_kib(),
            deadline_ms: default_deadline_ms(),
        }
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "2000")
            // A broker that went away is told by the failing calls; librdkafka's own lines repeat it.
            .set_log_level(RDKafkaLogLevel::Error);
        config
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", self.linger_ms.to_string())
            .set("queue.buffering.max.messages", self.queue_records.to_string())
            .set("queue.buffering.max.kbytes", self.queue_kib.to_string())
            // A record never times out in the queue. If one did, the next of its key could overtake it.
            .set("message.timeout.ms", "0")
            // For so long a topic that is not there may just be new.
            .set("topic.metadata.propagation.max.ms", "5000");
        config
    }

    pub(crate) fn signals(&self) -> ClientConfig {
        let mut config = self.producer();
        config
            // While an idempotent producer waits for an acknowledgement, librdkafka's thread spins as soon as more is due for that
            // partition: a whole core of it for as long as no broker answers. With one request under way at a time records
            // are in order just as well, and one that is sent again may come twice, which consumers know by its id.
            .set("enable.idempotence", "false")
            .set("max.in.flight.requests.per.connection", "1")
            .set("linger.ms", self.signal_linger_ms.to_string())
            // Nobody asks what became of them.
            .set("delivery.report.only.error", "true");
        config
    }
}

/// One component's consumption.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// The component, and the name of its consumer group.
    pub component: String,
    /// What it consumes.
    pub topics: Vec<String>,
    /// Deliveries to the component at once.
    pub max_in_flight: usize,
    /// Records that were received and are not yet settled; beyond, nothing more is fetched.
    pub max_unsettled: usize,
    /// Time for one delivery.
    pub delivery_timeout_ms: u64,
    /// When to give up on an event.
    pub patience: PatienceConfig,
    /// How long a stop waits for deliveries under way.
    pub drain_timeout_ms: u64,
}

impl ConsumerConfig {
    /// A configuration with the default limits.
    pub fn new(component: &str, topics: &[&str]) -> Self {
        ConsumerConfig {
            component: component.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            max_in_flight: 16,
            max_unsettled: 1_000,
            delivery_timeout_ms: 30_000,
            patience: PatienceConfig::default(),
            drain_timeout_ms: 10_000,
        }
    }
}

/// How deliveries are repeated. An event becomes a dead letter once both limits are reached: an outage of
/// the component's store lasts minutes, and good events must outlast it. Where the component says that it waits for its
/// store, no limit is reached before the store is back.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatienceConfig {
    /// Upper bound of the wait after the first failure; doubles with each.
    pub first_wait_ms: u64,
    /// Upper bound of any wait.
    pub max_wait_ms: u64,
    /// Deliveries that must have failed.
    pub min_attempts: u32,
    /// Time that must have passed since the first.
    pub min_elapsed_ms: u64,
}

impl Default for PatienceConfig {
    fn default() -> Self {
        PatienceConfig {
            first_wait_ms: 100,
            max_wait_ms: 10_000,
            min_attempts: 8,
            min_elapsed_ms: 10 * 60 * 1_000,
        }
    }
}
