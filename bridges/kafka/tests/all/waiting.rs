//! Events whose component waits for its store.

use crate::support::{Component, Running, config, event, guard, read, topic, unique, until};
use mcsp_bridge_api::kafka::Acknowledgement::Replicated;
use mcsp_kafka::{CloudEvent, ConsumerConfig, Delivery, PatienceConfig, Producer, dead_letter_topic};

async fn publish(topic: &str, data: &[&str]) {
    let events = data.iter().map(|data| event(topic, "k", data)).collect();
    Producer::new(&config()).unwrap().publish(&guard(), events, Replicated).await.unwrap();
}

fn consumer(topic: &str) -> ConsumerConfig {
    let patience = PatienceConfig { first_wait_ms: 5, max_wait_ms: 20, min_attempts: 3, min_elapsed_ms: 0 };
    ConsumerConfig { patience, ..ConsumerConfig::new(&format!("component-{}", unique()), &[topic]) }
}

fn is(event: &CloudEvent, data: &str) -> bool {
    event.data == data.as_bytes()
}

#[tokio::test]
async fn an_event_outlasts_an_outage_that_is_longer_than_all_patience() {
    let topic = topic(1).await;
    publish(&topic, &["first", "second"]).await;
    let component = Component::new(|event, before| match before {
        0..20 if is(event, "first") => Delivery::Wait { cause: "503".to_owned() },
        _ => Delivery::Done,
    });
    let running = Running::start(consumer(&topic), component.clone());
    until("both are done", async || running.meter.counts().done_total == 2).await;
    assert_eq!((running.meter.counts().retried_total, running.meter.counts().dead_total), (20, 0));
    assert!(
        component.delivered().last().is_some_and(|last| is(last, "second")),
        "it waited behind the first"
    );
    running.stop().await;
}

#[tokio::test]
async fn what_fails_by_itself_after_an_outage_is_a_dead_letter_all_the_same() {
    let topic = topic(1).await;
    publish(&topic, &["poison", "second"]).await;
    let component = Component::new(|event, before| match before {
        _ if is(event, "second") => Delivery::Done,
        0..5 => Delivery::Wait { cause: "503".to_owned() },
        _ => Delivery::Retry { cause: "500".to_owned() },
    });
    let running = Running::start(consumer(&topic), component.clone());
    until("the second is done", async || running.meter.counts().done_total == 1).await;
    assert!(is(&read(&dead_letter_topic(&topic), 1).await[0], "poison"));
    assert_eq!(component.count(), 5 + 3 + 1, "the outage, three attempts, and the second");
    running.stop().await;
}
