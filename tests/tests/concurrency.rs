//! Two hundred at once: no error, and no event lost or doubled.

use futures::future::join_all;
use futures::{StreamExt, pin_mut, stream};
use mcsp_kafka::{CloudEvent, KafkaConfig, TailFrom, tail};
use mcsp_tests::{Account, Platform, eventually, sample_mp4, uploaded_video};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const AT_ONCE: usize = 200;
/// Accounts that share the work: what one may do at a time is limited.
const ACCOUNTS: usize = 20;
/// Hashing passwords has little room, on purpose.
const REGISTERING_AT_ONCE: usize = 16;
/// How long the last of the expected events may take.
const ARRIVAL_MAX: Duration = Duration::from_secs(60);
/// Once all that is expected has come: when nothing more has come for this long, nothing will.
const QUIET: Duration = Duration::from_secs(3);

/// The events of a topic that concern us: so many, and whatever comes besides. By id, in the order of arrival.
async fn events_of(
    topic: &str,
    expected: usize,
    concerns: impl Fn(&CloudEvent) -> bool,
) -> Vec<(String, Value)> {
    let brokers =
        std::env::var("MCSP_TEST_KAFKA_BROKERS").expect("MCSP_TEST_KAFKA_BROKERS: run scripts/test");
    let kafka = KafkaConfig::new(&brokers);
    let events = tail(&kafka, topic, TailFrom::Beginning).await.expect("the topic");
    pin_mut!(events);
    let mut seen = Vec::new();
    let patience = |seen| if seen < expected { ARRIVAL_MAX } else { QUIET };
    while let Ok(Some(event)) = tokio::time::timeout(patience(seen.len()), events.next()).await {
        let event = event.expect("Kafka").expect("a CloudEvent");
        if concerns(&event) {
            seen.push((event.id.clone(), serde_json::from_slice(&event.data).expect("JSON")));
        }
    }
    seen
}

async fn ready_videos(account: &Account, expected: usize) {
    eventually(&format!("{expected} videos are ready"), async || {
        let page = account.get("/v1/videos?limit=100&state=ready").await.expect(200);
        (page["items"].as_array().expect("items").len() == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_uploads_publications_and_starts_lose_and_double_nothing() {
    let platform = Platform::running();
    let accounts = join_all((0..ACCOUNTS).map(|_| platform.account("creator"))).await;
    let sample = sample_mp4().await;
    let account = |index: usize| &accounts[index % ACCOUNTS];

    let videos = join_all((0..AT_ONCE).map(|index| uploaded_video(account(index), sample))).await;
    assert_eq!(videos.iter().collect::<BTreeSet<_>>().len(), AT_ONCE, "each upload has a video of its own");
    join_all(accounts.iter().map(|account| ready_videos(account, AT_ONCE / ACCOUNTS))).await;

    join_all(videos.iter().enumerate().map(async |(index, video)| {
        let path = format!("/v1/videos/{video}");
        account(index).patch(&path, &json!({"title": format!("Video {index}")}), None).await.expect(200);
        account(index).post(&format!("{path}/publish"), &json!({})).await.expect(200);
    }))
    .await;

    // A viewer for each start, so that the stream limit is in nobody's way.
    let registering = stream::iter(0..AT_ONCE).map(|_| platform.account("viewer"));
    let viewers: Vec<Account> = registering.buffered(REGISTERING_AT_ONCE).collect().await;
    join_all(videos.iter().zip(&viewers).map(async |(video, viewer)| {
        let body = json!({"video_id": video, "device": {"id": "tv", "name": "TV"}});
        viewer.post("/v1/playback/sessions", &body).await.expect(201);
    }))
    .await;

    let ours: BTreeSet<String> = videos.into_iter().collect();
    let video_of = |event: &CloudEvent| {
        let data: Value = serde_json::from_slice(&event.data).unwrap_or_default();
        data["video_id"].as_str().unwrap_or_default().to_owned()
    };
    for topic in ["media.upload.initiated", "media.published"] {
        let events = events_of(topic, AT_ONCE, |event| ours.contains(&video_of(event))).await;
        let mut by_video: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, data) in &events {
            by_video.entry(data["video_id"].as_str().unwrap_or_default()).or_default().insert(id);
        }
        assert_eq!(by_video.len(), AT_ONCE, "{topic}: an event is lost");
        assert!(by_video.values().all(|ids| ids.len() == 1), "{topic}: an event is doubled: {by_video:?}");
    }
}
