//! From a commit to Kafka and on to an effect: nothing lost, nothing early, nothing twice, whatever dies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../kafka/tests/support/mod.rs"]
mod kafka;
#[path = "../../postgres/tests/support/mod.rs"]
mod postgres;

use async_trait::async_trait;
use kafka::proxy::Proxy;
use kafka::{Running, event, make, narrow_topic, read, read_distinct, topic, unique, until};
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_bridge_api::sql::sql;
use mcsp_kafka::{
    CloudEvent, ConsumerConfig, Deliver, Delivery, KafkaConfig, PatienceConfig, Producer, dead_letter_topic,
    redrive,
};
use mcsp_outbox::{Relay, RelayConfig, RelayMeter};
use mcsp_postgres::{OutboxWake, Postgres, PostgresConfig};
use postgres::Database;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const WAITING: &str = "SELECT count(*) FROM shelf.outbox";

/// A relay at work.
struct AtWork {
    meter: RelayMeter,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl AtWork {
    fn start(config: RelayConfig, brokers: &str, wake: OutboxWake) -> Self {
        let relay = Relay::new(config, Producer::new(&KafkaConfig::new(brokers)).unwrap(), wake);
        let (meter, shutdown) = (relay.meter(), CancellationToken::new());
        let task = tokio::spawn(relay.run(shutdown.clone()));
        AtWork { meter, shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(kafka::PATIENCE, self.task).await.unwrap().unwrap();
    }
}

const PATIENCE_MS: u64 = kafka::PATIENCE.as_millis() as u64;

/// With time for a machine that is busy with other tests.
fn shelf(database: &Database) -> PostgresConfig {
    PostgresConfig {
        statement_timeout_ms: PATIENCE_MS,
        deadline_ms: PATIENCE_MS,
        acquire_timeout_ms: PATIENCE_MS,
        connect_timeout_ms: PATIENCE_MS,
        ..database.config("shelf")
    }
}

fn client(database: &Database) -> Postgres {
    ringing(database, &OutboxWake::default())
}

/// A client whose commits ring the bell.
fn ringing(database: &Database, wake: &OutboxWake) -> Postgres {
    Postgres::new(&shelf(database), postgres::guard(), wake.clone()).unwrap()
}

fn config(database: &Database) -> RelayConfig {
    RelayConfig { poll_interval_ms: 50, ..RelayConfig::new(shelf(database)) }
}

async fn commit(postgres: &Postgres, events: Vec<Event>) {
    let transaction = Transaction { consumed_event: None, statements: vec![], events };
    postgres.transact("producer", transaction).await.unwrap();
}

fn numbered(topic: &str, keys: usize, count: usize) -> Vec<Event> {
    (0..count).map(|n| event(topic, &format!("k{}", n % keys), &n.to_string())).collect()
}

fn number(event: &CloudEvent) -> usize {
    std::str::from_utf8(&event.data).unwrap().parse().unwrap()
}

/// That every event came, and that those of a key first came in their order.
fn assert_in_order(arrived: &[CloudEvent], sent: &[Event]) {
    let mut ids = HashSet::new();
    let first = arrived.iter().filter(|event| ids.insert(event.id.as_str()));
    let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
    first.for_each(|event| by_key.entry(event.key.clone()).or_default().push(number(event)));
    assert_eq!(ids, sent.iter().map(|event| event.id.as_str()).collect());
    assert!(by_key.values().all(|numbers| numbers.is_sorted()), "{by_key:?}");
}

/// A component whose effect is a row, written with the event's id in one transaction.
struct Effects {
    postgres: Postgres,
    cured: AtomicBool,
}

impl Effects {
    async fn new(database: &Database) -> Arc<Self> {
        database.prepare("shelf", "CREATE TABLE effects (number bigint NOT NULL)").await;
        Arc::new(Effects { postgres: client(database), cured: AtomicBool::new(false) })
    }
}

#[async_trait]
impl Deliver for Effects {
    async fn deliver(&self, component: &str, event: &CloudEvent) -> Delivery {
        if event.data == b"poison" && !self.cured.load(Ordering::SeqCst) {
            return Delivery::Reject { cause: "poison".to_owned() };
        }
        let number = std::str::from_utf8(&event.data).unwrap().parse().unwrap_or(-1_i64);
        let effect = sql("INSERT INTO effects (number) VALUES ($1)").bind(number).expecting(1);
        let transaction =
            Transaction { consumed_event: Some(event.id.clone()), statements: vec![effect], events: vec![] };
        match self.postgres.transact(component, transaction).await {
            Ok(_) | Err(TransactError::DuplicateEvent) => Delivery::Done,
            Err(error) => Delivery::Retry { cause: format!("{error:?}") },
        }
    }
}

fn consumer(topic: &str) -> ConsumerConfig {
    let patience = PatienceConfig { first_wait_ms: 10, max_wait_ms: 100, ..PatienceConfig::default() };
    ConsumerConfig { patience, ..ConsumerConfig::new(&format!("component-{}", unique()), &[topic]) }
}

#[tokio::test]
async fn with_two_relays_a_thousand_events_arrive_in_order_per_key_and_none_is_lost() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(3).await);
    let mut small = config(&database);
    small.batch_events = 37;
    let relays = [(); 2].map(|()| AtWork::start(small.clone(), &kafka::brokers(), OutboxWake::default()));
    let postgres = client(&database);
    let events = numbered(&topic, 10, 1_000);
    // Each key's events are committed one after the other; the keys at once.
    let by_key = (0..10).map(|key| {
        let (postgres, own) = (&postgres, events.iter().skip(key).step_by(10).cloned().collect::<Vec<_>>());
        async move {
            for few in own.chunks(4) {
                commit(postgres, few.to_vec()).await;
            }
        }
    });
    futures::future::join_all(by_key).await;
    until("the outbox is empty", async || database.count(WAITING).await == 0).await;
    let published = || relays.iter().map(|relay| relay.meter.counts().published_total).sum::<u64>();
    until("all are counted", async || published() >= 1_000).await;
    for relay in relays {
        relay.stop().await;
    }
    // Where Kafka answers late, the other relay publishes some a second time.
    assert_in_order(&read_distinct(&topic, 1_000).await, &events);
}

#[tokio::test]
async fn a_commit_wakes_the_relay_at_once() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    let wake = OutboxWake::default();
    let postgres = ringing(&database, &wake);
    let slow = RelayConfig { poll_interval_ms: 600_000, ..config(&database) };
    let relay = AtWork::start(slow, &kafka::brokers(), wake);
    for n in 0..3 {
        commit(&postgres, vec![event(&topic, "k", &n.to_string())]).await;
        until("it is published", async || relay.meter.counts().published_total == n + 1).await;
    }
    assert_eq!(read(&topic, 3).await.len(), 3);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_killed_between_publishing_and_deleting_publishes_again_and_the_effect_happens_once() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    commit(&client(&database), vec![event(&topic, "k", "1")]).await;
    let mut owner = database.owner().await;
    let mut holder = sqlx::Connection::begin(&mut owner).await.unwrap();
    sqlx::query("SELECT id FROM shelf.outbox FOR UPDATE").fetch_all(&mut *holder).await.unwrap();
    // Holding the row keeps the relay from deleting it, until it has been killed.
    let patient = RelayConfig { lock_wait_ms: PATIENCE_MS, ..config(&database) };
    let relay = AtWork::start(patient, &kafka::brokers(), OutboxWake::default());
    let first = read(&topic, 1).await;
    relay.task.abort();
    relay.task.await.unwrap_err();
    holder.rollback().await.unwrap();
    assert_eq!(database.count(WAITING).await, 1);

    let relay = AtWork::start(config(&database), &kafka::brokers(), OutboxWake::default());
    until("the outbox is empty", async || database.count(WAITING).await == 0).await;
    let both = read(&topic, 2).await;
    assert_eq!((&both[0].id, &both[1].id), (&first[0].id, &first[0].id), "published twice");
    let effects = Effects::new(&database).await;
    let running = Running::start(consumer(&topic), effects);
    until("both are consumed", async || running.meter.counts().done_total >= 2).await;
    assert_eq!(database.count("SELECT count(*) FROM shelf.effects").await, 1);
    relay.stop().await;
    running.stop().await;
}

#[tokio::test]
async fn a_poison_event_among_a_thousand_is_one_dead_letter_and_after_a_redrive_one_more_effect() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(3).await);
    let mut events = numbered(&topic, 50, 1_000);
    events[500].data = b"poison".to_vec();
    commit(&client(&database), events).await;
    let relay = AtWork::start(config(&database), &kafka::brokers(), OutboxWake::default());
    let effects = Effects::new(&database).await;
    let running = Running::start(consumer(&topic), effects.clone());
    let counted = "SELECT count(DISTINCT number) * 10000 + count(*) FROM shelf.effects";
    until("999 effects", async || database.count(counted).await == 999 * 10_000 + 999).await;
    until("one dead letter", async || running.meter.counts().dead_total == 1).await;
    assert_eq!(read(&dead_letter_topic(&topic), 1).await[0].data, b"poison");

    effects.cured.store(true, Ordering::SeqCst);
    let producer = Producer::new(&kafka::config()).unwrap();
    assert_eq!(redrive(&kafka::config(), &producer, &dead_letter_topic(&topic)).await.unwrap().sent, 1);
    until("one more effect", async || database.count(counted).await == 1_000 * 10_000 + 1_000).await;
    relay.stop().await;
    running.stop().await;
}

#[tokio::test]
async fn without_kafka_events_wait_with_no_transaction_open_and_arrive_once_it_is_back() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(2).await);
    let proxy = Proxy::before(&kafka::brokers()).await;
    let eager = RelayConfig { publish_wait_ms: 200, ..config(&database) };
    let relay = AtWork::start(eager, &proxy.brokers, OutboxWake::default());
    let postgres = client(&database);
    commit(&postgres, numbered(&topic, 5, 10)).await;
    until("the first are published", async || database.count(WAITING).await == 0).await;
    proxy.shut();

    let failed = relay.meter.counts().failed_rounds_total;
    commit(&postgres, numbered(&topic, 5, 100)).await;
    until("a round fails", async || relay.meter.counts().failed_rounds_total > failed).await;
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state LIKE 'idle in transaction%'",
        database.name
    );
    until("no transaction is open", async || database.count(&open).await == 0).await;
    assert_eq!(database.count(WAITING).await, 100);
    until("the backlog is told", async || {
        let counts = relay.meter.counts();
        counts.waiting == 100 && counts.oldest_age_ms > 0
    })
    .await;
    commit(&postgres, numbered(&topic, 5, 100)).await;

    proxy.open();
    until("the outbox is empty", async || database.count(WAITING).await == 0).await;
    read_distinct(&topic, 210).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_stop_empties_the_outbox_first_and_without_kafka_ends_in_time() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    let postgres = client(&database);
    commit(&postgres, numbered(&topic, 5, 1_000)).await;
    let small = RelayConfig { batch_events: 50, drain_timeout_ms: PATIENCE_MS, ..config(&database) };
    let relay = AtWork::start(small, &kafka::brokers(), OutboxWake::default());
    relay.stop().await;
    assert_eq!(database.count(WAITING).await, 0);

    commit(&postgres, numbered(&topic, 1, 1)).await;
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let brief = RelayConfig { drain_timeout_ms: 300, ..config(&database) };
    AtWork::start(brief, &nowhere, OutboxWake::default()).stop().await;
    assert_eq!(database.count(WAITING).await, 1, "and it is still there");
}

/// Data that does not get smaller.
fn noise(bytes: usize) -> String {
    std::iter::repeat_with(unique).flat_map(|text| text.into_bytes()).take(bytes).map(char::from).collect()
}

#[tokio::test]
async fn an_event_that_kafka_refuses_holds_its_key_and_no_other() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, narrow_topic(10_000).await);
    let postgres = client(&database);
    // Many times a batch waits behind the refused one; what follows is sent to Kafka together with it.
    let mut of_key = numbered(&topic, 1, 30);
    of_key.iter_mut().for_each(|event| event.key = "too large".to_owned());
    of_key[1].data = noise(20_000).into_bytes();
    let others = numbered(&topic, 5, 50);
    commit(&postgres, [&of_key[..], &others[..]].concat()).await;
    let small = RelayConfig { batch_events: 8, ..config(&database) };
    let relay = AtWork::start(small, &kafka::brokers(), OutboxWake::default());
    until("the others are published", async || database.count(WAITING).await == 29).await;
    let held = "SELECT count(*) FROM shelf.outbox WHERE key = 'too large'";
    assert_eq!(database.count(held).await, 29);
    until("the backlog is told", async || relay.meter.counts().waiting == 8).await;

    // It is tried again, and each time it is the one that waits.
    let refused = relay.meter.counts().refused_total;
    until("it is tried again", async || relay.meter.counts().refused_total > refused).await;
    let later = numbered(&topic, 5, 10);
    commit(&postgres, later.clone()).await;
    until("later ones are published", async || database.count(WAITING).await == 29).await;
    let arrived = read_distinct(&topic, 61).await;
    let arrived: Vec<_> = arrived.into_iter().filter(|e| e.key.as_deref() != Some("too large")).collect();
    let ids = arrived.iter().map(|event| event.id.as_str()).collect::<HashSet<_>>();
    assert_eq!(ids, others.iter().chain(&later).map(|event| event.id.as_str()).collect());
    relay.task.abort();
}

#[tokio::test]
async fn a_topic_that_kafka_refuses_holds_no_other_however_many_of_its_events_wait() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    let wake = OutboxWake::default();
    let postgres = ringing(&database, &wake);
    commit(&postgres, numbered("no such name!", 100, 300)).await;
    commit(&postgres, numbered(&topic, 5, 50)).await;
    // Only the bell and the retries wake it.
    let small = RelayConfig { batch_events: 8, poll_interval_ms: 600_000, ..config(&database) };
    let relay = AtWork::start(small, &kafka::brokers(), wake);
    until("the others are published", async || database.count(WAITING).await == 300).await;

    // Were the whole outbox to wait after each refusal, so many commits would take minutes.
    let each = async {
        for n in 50..100 {
            commit(&postgres, vec![event(&topic, "k", &n.to_string())]).await;
            until("it is published", async || database.count(WAITING).await == 300).await;
        }
    };
    tokio::time::timeout(kafka::PATIENCE, each).await.expect("a commit waits for what is refused");
    assert!(relay.meter.counts().refused_total > 0);
    relay.task.abort();
}

#[tokio::test]
async fn events_of_a_missing_topic_arrive_in_order_once_it_is_made() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    let missing = format!("test.{}", unique());
    let postgres = client(&database);
    let early = numbered(&missing, 3, 30);
    commit(&postgres, early.clone()).await;
    commit(&postgres, numbered(&topic, 5, 20)).await;
    let small = RelayConfig { batch_events: 8, ..config(&database) };
    let relay = AtWork::start(small, &kafka::brokers(), OutboxWake::default());
    until("the others are published", async || database.count(WAITING).await == 30).await;
    let late: Vec<Event> = numbered(&missing, 3, 60).split_off(30);
    commit(&postgres, late.clone()).await;

    make(&missing, 2).await;
    until("the outbox is empty", async || database.count(WAITING).await == 0).await;
    assert_in_order(&read_distinct(&missing, 60).await, &[early, late].concat());
    relay.stop().await;
}

#[tokio::test]
async fn the_relay_goes_on_after_postgres_ended_its_connection() {
    let (database, topic) = (Database::migrated(&["shelf"]).await, topic(1).await);
    let relay = AtWork::start(config(&database), &kafka::brokers(), OutboxWake::default());
    let postgres = client(&database);
    commit(&postgres, numbered(&topic, 1, 1)).await;
    until("the first is published", async || relay.meter.counts().published_total == 1).await;
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
        database.config("shelf").role
    );
    assert!(database.count(&end).await > 0);
    until("a commit succeeds again", async || {
        let events = numbered(&topic, 1, 1);
        postgres.transact("p", Transaction { consumed_event: None, statements: vec![], events }).await.is_ok()
    })
    .await;
    until("the second is published", async || relay.meter.counts().published_total >= 2).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_prunes_all_that_its_schema_no_longer_needs_and_nothing_else() {
    let database = Database::migrated(&["shelf"]).await;
    // More than one pruning takes, and all at the first time: the next is ten minutes away.
    let rows = "INSERT INTO inbox VALUES ('c', 'new', now());
        INSERT INTO inbox SELECT 'c', n::text, now() - interval '15 days' FROM generate_series(1, 25000) AS n;
        INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until, expires_at)
        VALUES ('s', 'new', '', now(), DEFAULT);
        INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until, expires_at)
        SELECT 's', n::text, '', now(), now() - interval '1 s' FROM generate_series(1, 12000) AS n";
    database.prepare("shelf", rows).await;
    let relay = AtWork::start(config(&database), &kafka::brokers(), OutboxWake::default());
    let both = "SELECT (SELECT count(*) FROM shelf.inbox) + (SELECT count(*) FROM shelf.idempotency_keys)";
    until("the old ones are gone", async || database.count(both).await == 2).await;
    let new =
        "SELECT count(*) FROM shelf.inbox, shelf.idempotency_keys WHERE event_id = 'new' AND key = 'new'";
    assert_eq!(database.count(new).await, 1);
    relay.stop().await;
}
