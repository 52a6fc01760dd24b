//! Consumption: order, concurrency, retries, dead letters and their redrive, stops and crashes.

use crate::support::proxy::Proxy;
use crate::support::{Component, PATIENCE, Running, config, event, guard, read, topic, unique, until};
use async_trait::async_trait;
use mcsp_bridge_api::kafka::Acknowledgement::Replicated;
use mcsp_bridge_api::kafka::Event;
use mcsp_kafka::{
    CloudEvent, ConsumerConfig, Deliver, Delivery, KafkaConfig, PatienceConfig, Producer, dead_letter_topic,
    redrive,
};
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

async fn publish(events: Vec<Event>) {
    let producer = Producer::new(&config()).unwrap();
    for batch in events.chunks(500) {
        producer.publish(&guard(), batch.to_vec(), Replicated).await.unwrap();
    }
}

fn numbered(topic: &str, keys: usize, count: usize) -> Vec<Event> {
    (0..count).map(|n| event(topic, &format!("k{}", n % keys), &n.to_string())).collect()
}

fn number(event: &CloudEvent) -> usize {
    std::str::from_utf8(&event.data).unwrap().parse().unwrap()
}

fn consumer(topic: &str) -> ConsumerConfig {
    ConsumerConfig::new(&format!("component-{}", unique()), &[topic])
}

fn impatient() -> PatienceConfig {
    PatienceConfig { first_wait_ms: 5, max_wait_ms: 20, min_attempts: 3, min_elapsed_ms: 0 }
}

fn done(_: &CloudEvent, _: usize) -> Delivery {
    Delivery::Done
}

#[tokio::test]
async fn events_of_a_key_come_in_order_and_those_of_other_keys_meanwhile() {
    let topic = topic(3).await;
    publish(numbered(&topic, 20, 600)).await;
    let component = Component::slow(Duration::from_millis(1), done);
    let running = Running::start(ConsumerConfig { max_in_flight: 8, ..consumer(&topic) }, component.clone());
    until("all are delivered", async || component.count() >= 600).await;
    running.stop().await;
    let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
    for event in component.delivered() {
        by_key.entry(event.key.clone()).or_default().push(number(&event));
    }
    assert_eq!(component.count(), 600, "each once");
    assert!(by_key.values().all(|numbers| numbers.is_sorted()), "{by_key:?}");
    let most = component.at_once.lock().unwrap().1;
    assert!(most > 1 && most <= 8, "{most} at once");
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_before_the_next_of_its_key() {
    let topic = topic(1).await;
    publish(numbered(&topic, 1, 3)).await;
    let retry = || Delivery::Retry { cause: "503".to_owned() };
    let component =
        Component::new(move |e, before| if number(e) == 1 && before < 3 { retry() } else { Delivery::Done });
    let running = Running::start(
        ConsumerConfig { patience: PatienceConfig { min_attempts: 9, ..impatient() }, ..consumer(&topic) },
        component.clone(),
    );
    until("all are done", async || running.meter.counts().done_total == 3).await;
    let order: Vec<usize> = component.delivered().iter().map(number).collect();
    assert_eq!(order, [0, 1, 1, 1, 1, 2]);
    assert_eq!((running.meter.counts().retried_total, running.meter.counts().dead_total), (3, 0));
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_fails_beyond_patience_becomes_a_dead_letter_and_its_key_goes_on() {
    let topic = topic(1).await;
    publish(numbered(&topic, 1, 3)).await;
    let component = Component::new(|e, _| match number(e) {
        1 => Delivery::Retry { cause: "store-down".to_owned() },
        _ => Delivery::Done,
    });
    let config = ConsumerConfig { patience: impatient(), ..consumer(&topic) };
    let running = Running::start(config, component.clone());
    until("the last is done", async || running.meter.counts().done_total == 2).await;
    let letter = &read(&dead_letter_topic(&topic), 1).await[0];
    assert_eq!(number(letter), 1);
    assert_eq!(component.count(), 5, "one, three attempts, one");
    running.stop().await;
}

#[tokio::test]
async fn a_delivery_without_an_answer_counts_as_failed() {
    let topic = topic(1).await;
    publish(numbered(&topic, 1, 1)).await;
    let component = Component::slow(Duration::from_secs(30), done);
    let config = ConsumerConfig { patience: impatient(), delivery_timeout_ms: 20, ..consumer(&topic) };
    let running = Running::start(config, component);
    until("it is a dead letter", async || running.meter.counts().dead_total == 1).await;
    running.stop().await;
}

#[tokio::test]
async fn a_poison_event_is_buried_with_its_story_and_a_redrive_brings_it_to_its_component_alone() {
    let topic = topic(3).await;
    let events = numbered(&topic, 5, 100);
    publish(events.clone()).await;
    let (poisoned, healthy) = (consumer(&topic), consumer(&topic));
    let name = poisoned.component.clone();
    let cure = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let cured = cure.clone();
    let component = Component::new(move |e, _| {
        if number(e) == 42 && !cured.load(std::sync::atomic::Ordering::SeqCst) {
            return Delivery::Reject { cause: "schema-mismatch".to_owned() };
        }
        Delivery::Done
    });
    let other = Component::new(done);
    let (running, beside) =
        (Running::start(poisoned, component.clone()), Running::start(healthy, other.clone()));
    until("all but one are done", async || running.meter.counts().done_total == 99).await;
    until("the other has all", async || beside.meter.counts().done_total == 100).await;
    until("one is buried", async || running.meter.counts().dead_total == 1).await;

    let letters = dead_letter_topic(&topic);
    let headers = headers_of_first(&letters).await;
    let expected = [
        ("mcsp_dead_cause", "schema-mismatch"),
        ("mcsp_dead_component", &name),
        ("mcsp_dead_attempts", "1"),
        ("mcsp_dead_topic", &topic),
        ("ce_id", &events[42].id),
        ("ce_source", "/mcsp/test"),
    ];
    for (key, value) in expected {
        assert_eq!(headers.get(key).map(String::as_str), Some(value), "{key}");
    }

    cure.store(true, std::sync::atomic::Ordering::SeqCst);
    let producer = Producer::new(&config()).unwrap();
    assert_eq!(redrive(&config(), &producer, &letters).await.unwrap().sent, 1);
    assert_eq!(redrive(&config(), &producer, &letters).await.unwrap().sent, 0, "each is sent back once");
    until("the last is done", async || running.meter.counts().done_total == 100).await;
    until("the other passes it by", async || beside.meter.counts().skipped_total == 1).await;
    assert_eq!((other.count(), component.count()), (100, 101));
    running.stop().await;
    beside.stop().await;
}

#[tokio::test]
async fn a_record_that_is_no_cloudevent_is_buried() {
    let topic = topic(1).await;
    let plain: FutureProducer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", crate::support::brokers()).create().unwrap();
    let record = FutureRecord::to(&topic).key("k").payload("not an event");
    plain.send(record, Duration::from_secs(10)).await.unwrap();
    let component = Component::new(done);
    let running = Running::start(consumer(&topic), component.clone());
    until("it is buried", async || running.meter.counts().dead_total == 1).await;
    assert_eq!(component.count(), 0);
    let headers = headers_of_first(&dead_letter_topic(&topic)).await;
    assert_eq!(headers.get("mcsp_dead_cause").map(String::as_str), Some("malformed: no ce_specversion"));
    running.stop().await;
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_the_next_consumer_goes_on_from_there() {
    let topic = topic(2).await;
    publish(numbered(&topic, 10, 200)).await;
    let component = Component::slow(Duration::from_millis(5), done);
    let config = ConsumerConfig { max_in_flight: 4, ..consumer(&topic) };
    let first = Running::start(config.clone(), component.clone());
    until("some are delivered", async || component.count() >= 50).await;
    first.stop().await;
    let at_the_stop = component.count();
    assert_eq!(component.at_once.lock().unwrap().0, 0, "a delivery was cut off");
    let second = Running::start(config, component.clone());
    let distinct = || component.delivered().iter().map(number).collect::<HashSet<_>>().len();
    until("all are delivered", async || distinct() == 200).await;
    second.stop().await;
    // Keys that were ahead of the lowest unsettled one are delivered again; nothing below it is.
    let repeated = component.count() - 200;
    assert!(repeated < at_the_stop, "{repeated} repeated of {at_the_stop}");
}

#[tokio::test]
async fn what_was_not_settled_when_the_process_died_is_delivered_again() {
    let topic = topic(1).await;
    publish(numbered(&topic, 1, 3)).await;
    let config = consumer(&topic);
    let stuck = Component::slow(Duration::from_secs(600), done);
    let first = Running::start(config.clone(), stuck.clone());
    until("the first is under way", async || stuck.count() == 1).await;
    first.kill();
    let component = Component::new(done);
    let second = Running::start(config, component.clone());
    until("all are delivered", async || component.count() >= 3).await;
    assert_eq!(component.delivered().iter().map(number).collect::<Vec<_>>(), [0, 1, 2]);
    second.stop().await;
}

#[tokio::test]
async fn a_second_member_takes_its_share_and_nothing_is_lost() {
    let topic = topic(4).await;
    let config = consumer(&topic);
    let (one, two) = (Component::new(done), Component::new(done));
    let first = Running::start(config.clone(), one.clone());
    publish(numbered(&topic, 40, 200)).await;
    until("the first has begun", async || one.count() >= 200).await;
    let second = Running::start(config, two.clone());
    let mut rounds = 0;
    until("the second takes part", async || {
        rounds += 1;
        publish(numbered(&topic, 40, 40)).await;
        two.count() > 0
    })
    .await;
    let all = 200 + rounds * 40;
    until("all are delivered", async || {
        let ids = |c: &Component| c.delivered().into_iter().map(|e| e.id).collect::<HashSet<_>>();
        ids(&one).union(&ids(&two)).count() == all
    })
    .await;
    first.stop().await;
    second.stop().await;
}

/// Begins with every event, and rejects none before it is told to.
struct Reluctant(Semaphore);

#[async_trait]
impl Deliver for Reluctant {
    async fn deliver(&self, _: &str, _: &CloudEvent) -> Delivery {
        drop(self.0.acquire().await.unwrap());
        Delivery::Reject { cause: "late".to_owned() }
    }
}

#[tokio::test]
async fn what_a_member_loses_to_another_is_that_ones_alone() {
    let topic = topic(4).await;
    publish(numbered(&topic, 20, 20)).await;
    let patient = PATIENCE.as_millis() as u64;
    let config = ConsumerConfig { max_in_flight: 20, delivery_timeout_ms: patient, ..consumer(&topic) };
    let reluctant = Arc::new(Reluctant(Semaphore::new(0)));
    let first = Running::start(config.clone(), reluctant.clone());
    until("the first has all", async || first.meter.counts().unsettled == 20).await;

    // No record comes to the first any more: it must hear of its loss without one.
    let other = Component::new(done);
    let second = Running::start(config, other.clone());
    let taken = || second.meter.counts().done_total as usize;
    until("the second takes over its share", async || {
        taken() > 0 && first.meter.counts().unsettled + taken() == 20
    })
    .await;
    let kept = first.meter.counts().unsettled;
    reluctant.0.add_permits(20);
    let meter = first.meter.clone();
    until("the rest is buried", async || meter.counts().unsettled == 0).await;
    first.stop().await;
    assert_eq!(meter.counts().dead_total as usize, kept, "none that the second has applied");
    second.stop().await;
}

#[tokio::test]
async fn a_member_that_vanishes_counts_as_dead_after_ten_seconds_and_its_events_go_to_another() {
    let topic = topic(1).await;
    publish(numbered(&topic, 1, 3)).await;
    let proxy = Proxy::before(&crate::support::brokers()).await;
    let config = ConsumerConfig { drain_timeout_ms: 0, ..consumer(&topic) };
    let stuck = Component::slow(Duration::from_secs(600), done);
    let through = KafkaConfig::new(&proxy.brokers);
    let first = Running::start_through(through, config.clone(), stuck.clone());
    until("the first is under way", async || stuck.count() == 1).await;
    assert_eq!(proxy.session_timeouts_ms(&config.component).first(), Some(&10_000));
    // As after a SIGKILL, nobody says that it left.
    proxy.shut();
    let component = Component::new(done);
    let second = Running::start(config, component.clone());
    until("all are delivered", async || component.count() >= 3).await;
    assert_eq!(component.delivered().iter().map(number).collect::<Vec<_>>(), [0, 1, 2]);
    second.stop().await;
    proxy.open();
    first.stop().await;
}

#[tokio::test]
async fn a_stuck_event_stops_the_fetching_at_its_bound_and_not_for_ever() {
    let topic = topic(1).await;
    publish(numbered(&topic, 50, 300)).await;
    let release = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let released = release.clone();
    let component = Component::new(move |e, _| {
        if number(e) == 0 && !released.load(std::sync::atomic::Ordering::SeqCst) {
            return Delivery::Retry { cause: "busy".to_owned() };
        }
        Delivery::Done
    });
    let patience = PatienceConfig { min_attempts: u32::MAX, ..impatient() };
    let config = ConsumerConfig { max_unsettled: 100, patience, ..consumer(&topic) };
    let running = Running::start(config, component.clone());
    until("the bound is reached", async || running.meter.counts().unsettled == 100).await;
    release.store(true, std::sync::atomic::Ordering::SeqCst);
    until("all are done", async || running.meter.counts().done_total == 300).await;
    running.stop().await;
}

/// The headers of the first record of a topic.
async fn headers_of_first(topic: &str) -> HashMap<String, String> {
    use rdkafka::Message;
    use rdkafka::consumer::{Consumer, StreamConsumer};
    use rdkafka::message::Headers;
    let consumer: StreamConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", crate::support::brokers())
        .set("group.id", unique())
        .create()
        .unwrap();
    let mut first = rdkafka::TopicPartitionList::new();
    first.add_partition_offset(topic, 0, rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&first).unwrap();
    let message = tokio::time::timeout(crate::support::PATIENCE, consumer.recv()).await.unwrap().unwrap();
    let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap_or_default().to_vec()).unwrap();
    message.headers().unwrap().iter().map(|h| (h.key.to_owned(), text(h.value))).collect()
}
