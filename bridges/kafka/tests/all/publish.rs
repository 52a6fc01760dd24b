//! Publishing: what arrives, what is refused, and what happens when nobody answers.

use crate::support::proxy::Proxy;
use crate::support::{PATIENCE, brokers, config, event, guard, partitions_of, read, topic};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::kafka::Acknowledgement::{Enqueued, Replicated};
use mcsp_bridge_api::kafka::MAX_EVENT_BYTES;
use mcsp_kafka::{CloudEvent, KafkaConfig, Producer, ensure_topics};

#[tokio::test]
async fn an_event_arrives_as_the_cloudevent_that_it_was() {
    let topic = topic(1).await;
    let producer = Producer::new(&config()).unwrap();
    let mut sent = event(&topic, "video_1", r#"{"title":"žluť"}"#);
    producer.publish(&guard(), vec![sent.clone()], Replicated).await.unwrap();
    (sent.traceparent, sent.tracestate, sent.data) = (None, None, vec![]);
    producer.publish(&guard(), vec![sent.clone()], Replicated).await.unwrap();
    let arrived = read(&topic, 2).await;
    let expected = CloudEvent {
        topic: topic.clone(),
        partition: 0,
        offset: 0,
        key: Some("video_1".to_owned()),
        id: sent.id.clone(),
        type_: "mcsp.test.thing.changed.v1".to_owned(),
        source: "/mcsp/test".to_owned(),
        time: Some("2026-09-21T14:13:20.123456Z".to_owned()),
        subject: Some("video_1".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        tracestate: Some("congo=t61rcWkgMzE".to_owned()),
        content_type: Some("application/json".to_owned()),
        data: r#"{"title":"žluť"}"#.as_bytes().to_vec(),
    };
    assert_eq!(arrived[0], expected);
    let bare = &arrived[1];
    assert_eq!((bare.offset, &bare.traceparent, &bare.tracestate, bare.data.len()), (1, &None, &None, 0));
}

#[tokio::test]
async fn enqueued_events_arrive_in_order_and_a_flush_waits_for_them() {
    let topic = topic(3).await;
    let producer = Producer::new(&config()).unwrap();
    let events = (0..500).map(|n| event(&topic, &format!("k{}", n % 7), &n.to_string())).collect();
    producer.publish(&guard(), events, Enqueued).await.unwrap();
    assert!(producer.flush(PATIENCE).await);
    assert_eq!(producer.counts().queued, 0);
    let arrived = read(&topic, 500).await;
    for key in 0..7 {
        let key = format!("k{key}");
        let numbers = arrived.iter().filter(|e| e.key.as_ref() == Some(&key));
        let numbers: Vec<u32> =
            numbers.map(|e| std::str::from_utf8(&e.data).unwrap().parse().unwrap()).collect();
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
    }
}

#[tokio::test]
async fn what_kafka_would_not_take_is_refused() {
    let producer = Producer::new(&config()).unwrap();
    let refused = |code: &str| Err(Failure::Refused(code.to_owned()));
    let large = event("t", "k", &"x".repeat(MAX_EVENT_BYTES));
    assert_eq!(producer.publish(&guard(), vec![large], Enqueued).await, refused("event-too-large"));
    let many = vec![event("t", "k", "{}"); mcsp_kafka::MAX_BATCH + 1];
    assert_eq!(producer.publish(&guard(), many, Replicated).await, refused("too-many-events"));
}

#[tokio::test]
async fn the_largest_event_that_is_taken_arrives() {
    let topic = topic(1).await;
    let producer = Producer::new(&config()).unwrap();
    let mut largest = event(&topic, "k", "");
    let room = MAX_EVENT_BYTES - largest.bytes();
    // Noise, which no compression makes smaller.
    largest.data = (0..room).map(|n| b' ' + (n * n % 89) as u8).collect();
    producer.publish(&guard(), vec![largest], Replicated).await.unwrap();
    assert_eq!(read(&topic, 1).await[0].data.len(), room);
}

#[tokio::test]
async fn topics_that_exist_stay_as_they_are() {
    let topic = topic(2).await;
    ensure_topics(&config(), &[&topic], 5).await.unwrap();
    let beside = crate::support::topic(5).await;
    assert_eq!((partitions_of(&beside).await, partitions_of(&topic).await), (5, 2));
    let error = ensure_topics(&config(), &["no such name!"], 1).await.unwrap_err();
    assert!(error.to_string().contains("no such name!"), "{error}");
}

#[tokio::test]
async fn without_kafka_signals_wait_up_to_the_queues_bound_and_the_breaker_opens_for_the_rest() {
    let topic = topic(1).await;
    let proxy = Proxy::before(&brokers()).await;
    let config = KafkaConfig { queue_records: 10, deadline_ms: 100, ..KafkaConfig::new(&proxy.brokers) };
    let producer = Producer::new(&config).unwrap();
    let guard = guard();
    producer.publish(&guard, vec![event(&topic, "k", "0")], Replicated).await.ok();
    assert!(producer.flush(PATIENCE).await);
    proxy.shut();

    for n in 1..=10 {
        producer.publish(&guard, vec![event(&topic, "k", &n.to_string())], Enqueued).await.unwrap();
    }
    let one_more = producer.publish(&guard, vec![event(&topic, "k", "11")], Enqueued).await;
    assert_eq!(one_more, Err(Failure::Overloaded));

    let unreachable = KafkaConfig { deadline_ms: 20, ..KafkaConfig::new(&proxy.brokers) };
    let other = Producer::new(&unreachable).unwrap();
    crate::support::until("the breaker opens", async || {
        let call = other.publish(&guard, vec![event(&topic, "k", "never")], Replicated).await;
        assert!(call.is_err());
        matches!(call, Err(Failure::BreakerOpen(_)))
    })
    .await;
    drop(other);

    proxy.open();
    assert!(producer.flush(PATIENCE).await);
    let arrived = read(&topic, 11).await;
    assert!(arrived.iter().enumerate().all(|(n, e)| e.data == n.to_string().as_bytes()), "{arrived:?}");
}
