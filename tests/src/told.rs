//! What services tell that are not there yet: by Kafka, as they will.

use crate::Account;
use futures::StreamExt;
use jiff::Timestamp;
use mcsp_bridge_api::kafka::Event;
use mcsp_kafka::{CloudEvent, KafkaConfig, Producer, TailFrom, tail};
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// A topic in which nothing comes for so long has been read to its end.
const TOPIC_SILENCE: Duration = Duration::from_secs(5);

/// The Admin service: the account is suspended, or reinstated.
///
/// # Panics
/// Without Kafka.
pub async fn decide(account: &Account, version: i64, suspended: bool) {
    let verb = if suspended { "suspended" } else { "reinstated" };
    let data = json!({"user_id": account.user_id, "version": version, "suspended": suspended});
    tell(
        ("admin.decision.made", &account.user_id),
        ("/mcsp/admin", &format!("mcsp.admin.account.{verb}.v1")),
        &data,
    )
    .await;
}

/// The Admin service: the video is blocked, or restored.
///
/// # Panics
/// Without Kafka.
pub async fn decide_on_video(video_id: &str, version: i64, blocked: bool) {
    let verb = if blocked { "blocked" } else { "restored" };
    let data = json!({"video_id": video_id, "version": version, "blocked": blocked});
    let about = ("/mcsp/admin", format!("mcsp.admin.video.{verb}.v1"));
    tell(("admin.decision.made", video_id), (about.0, &about.1), &data).await;
}

/// The Subscription service: the account has a plan of this level.
///
/// # Panics
/// Without Kafka.
pub async fn subscribe(account: &Account, version: i64, level: u32) {
    entitle(account, version, &json!({"level": level, "streams": 4, "until": null})).await;
}

/// The Subscription service: the account is entitled to this.
///
/// # Panics
/// Without Kafka.
pub async fn entitle(account: &Account, version: i64, entitlements: &Value) {
    let data = json!({"user_id": account.user_id, "version": version, "state": "active",
        "entitlements": entitlements});
    let about = ("/mcsp/subscription", "mcsp.subscription.subscription.changed.v1");
    tell(("subscription.lifecycle.changed", &account.user_id), about, &data).await;
}

/// What stands in a topic by now; nothing where there is no such topic. A record that is no event is what is wrong with it.
///
/// # Panics
/// Where Kafka fails.
pub async fn events_of(brokers: &str, topic: &str) -> Vec<Result<CloudEvent, &'static str>> {
    let until = Timestamp::now().to_string();
    let mut found = Vec::new();
    let Ok(events) = tail(&KafkaConfig::new(brokers), topic, TailFrom::Beginning).await else { return found };
    let mut events = pin!(events);
    while let Ok(Some(event)) = timeout(TOPIC_SILENCE, events.next()).await {
        let event = event.expect("Kafka answers");
        // Others go on.
        let is_later = event
            .as_ref()
            .is_ok_and(|event| event.time.as_ref().is_some_and(|time| time.as_str() > until.as_str()));
        found.push(event);
        if is_later {
            break;
        }
    }
    found
}

async fn tell((topic, key): (&str, &str), (source, kind): (&str, &str), data: &Value) {
    let brokers =
        std::env::var("MCSP_TEST_KAFKA_BROKERS").expect("MCSP_TEST_KAFKA_BROKERS: run scripts/test");
    let event = Event {
        topic: topic.to_owned(),
        key: key.to_owned(),
        id: Uuid::new_v4().to_string(),
        type_: kind.to_owned(),
        source: source.to_owned(),
        time_us: Timestamp::now().as_microsecond(),
        traceparent: None,
        tracestate: None,
        data: data.to_string().into_bytes(),
    };
    let producer = Producer::new(&KafkaConfig::new(&brokers)).expect("a producer");
    producer.enqueue(&event).expect("room").settle().await.expect("Kafka takes it");
}
