//! From a commit to the consumer, and what publishing in batches brings.

use super::Bench;
use crate::page::{Goal, Row};
use crate::rounds::Samples;
use anyhow::Context;
use async_trait::async_trait;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::Transaction;
use mcsp_guard::{Guard, PolicyTable};
use mcsp_kafka::{
    CloudEvent, Consumer, ConsumerConfig, Deliver, Delivery, KafkaConfig, Producer, ensure_topics,
};
use mcsp_outbox::{Relay, RelayConfig};
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use mcsp_postgres::{OutboxWake, Postgres, PostgresConfig};
use mcsp_tests::{OwnPlatform, root};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SERVICE: &str = "bench";
const TOPIC: &str = "bench.things";
const PARTITIONS: i32 = 4;
/// Commits one after the other, each waited for until it is with its consumer.
const COMMITS: usize = 200;
/// What a commit writes to the disk at least.
const PAGE_BYTES: usize = 8 * 1024;
/// Events that wait when the relay starts.
const BATCHED_EVENTS: usize = 5_000;
const SINGLE_EVENTS: usize = 300;
const EVENTS_IN_A_COMMIT: usize = 100;
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let platform = OwnPlatform::start().await;
        let rows = async {
            let stores = Stores::prepare(&platform).await?;
            Ok(vec![to_consumer(bench, &stores).await?, relay(bench, &stores).await?])
        };
        let rows = rows.await;
        platform.stop().await;
        rows
    })
}

/// A service of the bench's own.
struct Stores {
    postgres: PostgresConfig,
    kafka: KafkaConfig,
}

impl Stores {
    async fn prepare(platform: &OwnPlatform) -> anyhow::Result<Self> {
        let url = platform.postgres_url();
        let access =
            ServiceAccess { service: SERVICE.to_owned(), role: SERVICE.to_owned(), password: unique() };
        migrate(&url, &root().join("migrations"), std::slice::from_ref(&access)).await?;
        let kafka = KafkaConfig::new(&platform.brokers());
        ensure_topics(&kafka, &[TOPIC], PARTITIONS).await?;
        let postgres = PostgresConfig::new(&url, &access.role, &access.password, SERVICE);
        Ok(Stores { postgres, kafka })
    }

    fn client(&self, wake: &OutboxWake) -> anyhow::Result<Postgres> {
        let guard = Guard::new(SERVICE, "postgres", PolicyTable::default().policy(SERVICE, "postgres"));
        Ok(Postgres::new(&self.postgres, Arc::new(guard), wake.clone())?)
    }

    fn relay(&self, batch_events: u32, wake: &OutboxWake) -> anyhow::Result<Relay> {
        let config = RelayConfig { batch_events, ..RelayConfig::new(self.postgres.clone()) };
        Ok(Relay::new(config, Producer::new(&self.kafka)?, wake.clone()))
    }
}

/// A consumer that tells when it was called.
struct Heard(mpsc::UnboundedSender<Instant>);

#[async_trait]
impl Deliver for Heard {
    async fn deliver(&self, _component: &str, _event: &CloudEvent) -> Delivery {
        // Who measures may have left.
        let _ = self.0.send(Instant::now());
        Delivery::Done
    }
}

async fn to_consumer(bench: &Bench, stores: &Stores) -> anyhow::Result<Row> {
    let (wake, shutdown) = (OutboxWake::default(), CancellationToken::new());
    let postgres = stores.client(&wake)?;
    let relay = tokio::spawn(stores.relay(500, &wake)?.run(shutdown.clone()));
    let producer = Producer::new(&stores.kafka)?;
    let (heard, mut calls) = mpsc::unbounded_channel();
    let consumer =
        Consumer::new(stores.kafka.clone(), ConsumerConfig::new(&unique(), &[TOPIC]), producer.clone());
    let consumer = tokio::spawn(consumer.run(Arc::new(Heard(heard)), shutdown.clone()));
    let mut call = async || {
        let called = tokio::time::timeout(PATIENCE, calls.recv()).await;
        called.ok().flatten().context("an event did not reach its consumer")
    };
    // Until the consumer has its partitions.
    commit(&postgres, 1).await?;
    call().await?;
    let (mut effect_ms, mut fsync_ms, mut broker_ms) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..COMMITS {
        commit(&postgres, 1).await?;
        let committed = Instant::now();
        effect_ms.push(call().await?.saturating_duration_since(committed).as_secs_f64() * 1e3);
        fsync_ms.push(fsync(bench.scratch())?);
        let begun = Instant::now();
        producer.enqueue(&event())?.settle().await?;
        broker_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        call().await?;
    }
    shutdown.cancel();
    relay.await?;
    consumer.await??;
    let least_ms = fsync_ms.median() + broker_ms.median();
    Ok(Row {
        figure: "outbox: commit to consumer called ÷ (one fsync + one broker round trip), p50".to_owned(),
        samples: Samples::one(effect_ms.median() / least_ms),
        unit: "",
        goal: Some(Goal::AtMost(3.0)),
        made_of: format!(
            "{COMMITS} commits: {:.2} ms; fsync {:.2} ms, broker {:.2} ms",
            effect_ms.median(),
            fsync_ms.median(),
            broker_ms.median()
        ),
    })
}

async fn relay(bench: &Bench, stores: &Stores) -> anyhow::Result<Row> {
    let (mut batched, mut single) = (Samples::default(), Samples::default());
    for _ in 0..bench.rounds {
        batched.push(relayed_per_second(stores, 500, BATCHED_EVENTS).await?);
        single.push(relayed_per_second(stores, 1, SINGLE_EVENTS).await?);
    }
    Ok(Row {
        figure: "outbox: relay in batches ÷ one by one, events/s".to_owned(),
        samples: batched.over(&single),
        unit: "",
        goal: Some(Goal::AtLeast(10.0)),
        made_of: format!(
            "{:.0} events/s in batches of 500, {:.0} one by one",
            batched.median(),
            single.median()
        ),
    })
}

/// From the start of a relay until Kafka has all that waited.
async fn relayed_per_second(stores: &Stores, batch_events: u32, events: usize) -> anyhow::Result<f64> {
    let wake = OutboxWake::default();
    let postgres = stores.client(&wake)?;
    for _ in 0..events / EVENTS_IN_A_COMMIT {
        commit(&postgres, EVENTS_IN_A_COMMIT).await?;
    }
    let relay = stores.relay(batch_events, &wake)?;
    let (meter, shutdown) = (relay.meter(), CancellationToken::new());
    let begun = Instant::now();
    let relay = tokio::spawn(relay.run(shutdown.clone()));
    while meter.counts().published_total < events as u64 {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the relay does not come to an end");
        tokio::time::sleep(POLL).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    shutdown.cancel();
    relay.await?;
    Ok(events as f64 / seconds)
}

async fn commit(postgres: &Postgres, events: usize) -> anyhow::Result<()> {
    let events = (0..events).map(|_| event()).collect();
    let transaction = Transaction { consumed_event: None, statements: vec![], events };
    let committed = postgres.transact(SERVICE, transaction).await;
    committed.map(|_| ()).map_err(|error| anyhow::anyhow!("{error:?}"))
}

fn event() -> Event {
    Event {
        topic: TOPIC.to_owned(),
        key: unique(),
        id: unique(),
        type_: "mcsp.bench.thing.changed.v1".to_owned(),
        source: "/mcsp/bench".to_owned(),
        time_us: jiff::Timestamp::UNIX_EPOCH.as_microsecond(),
        traceparent: None,
        tracestate: None,
        data: br#"{"thing":"a thing of usual size, as events have it"}"#.to_vec(),
    }
}

fn fsync(directory: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(directory.join("fsync"))?;
    file.write_all(&[0; PAGE_BYTES])?;
    file.sync_data()?;
    file.rewind()?;
    file.write_all(&[1; PAGE_BYTES])?;
    let begun = Instant::now();
    file.sync_data()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

// Names that must not collide between runs.
#[allow(clippy::disallowed_methods)]
fn unique() -> String {
    Uuid::new_v4().simple().to_string()
}
