//! What is committed is not lost, and happens once: with Kafka gone, with the platform killed, with the database lost.

use jiff::{SignedDuration, Timestamp};
use mcsp_tests::{
    Account, OwnPlatform, documented, events_of, eventually, ready_video, root, sample_mp4, titled_video,
    uploaded_video,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long Kafka is away: long enough for every client to notice, to back off, and to give up a connection.
const KAFKA_AWAY: Duration = Duration::from_secs(60);
/// What was due while the platform was away comes within five seconds, and within this on a machine that has much else to do.
const PROMPTLY: SignedDuration = SignedDuration::from_secs(20);

async fn videos_of(account: &Account) -> Vec<Value> {
    let page = account.get("/v1/videos?limit=100").await.expect(200);
    page["items"].as_array().expect("items").clone()
}

async fn all_ready(account: &Account, expected: usize) {
    eventually(&format!("{expected} videos are ready"), async || {
        let videos = videos_of(account).await;
        assert!(videos.len() <= expected, "an event had its effect twice: {videos:?}");
        let ready = videos.iter().filter(|video| video["state"] == "ready").count();
        (ready == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_kafka_gone_uploads_complete_and_their_events_arrive_once_it_is_back() {
    let own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    let before = ready_video(&creator).await;
    own.kafka().kill().await;
    let gone_since = std::time::Instant::now();
    for _ in 0..3 {
        uploaded_video(&creator, sample_mp4().await).await;
    }
    // Publishing writes an event too, which must wait as well.
    let path = format!("/v1/videos/{before}");
    creator.patch(&path, &json!({"title": "While Kafka is away"}), None).await.expect(200);
    creator.post(&format!("{path}/publish"), &json!({})).await.expect(200);
    tokio::time::sleep(KAFKA_AWAY.saturating_sub(gone_since.elapsed())).await;
    assert_eq!(videos_of(&creator).await.len(), 1, "without Kafka no video can be heard of");
    own.kafka().start().await.expect("Kafka starts again");
    eventually("the other uploads are heard of", async || {
        let videos = videos_of(&creator).await;
        (videos.iter().filter(|video| video["state"] == "ready").count() == 3).then_some(())
    })
    .await;
    let viewer = own.client().account("viewer").await;
    let start = json!({"video_id": before, "device": {"id": "tv", "name": "TV"}});
    eventually("Playback has heard of the publication", async || {
        (viewer.post("/v1/playback/sessions", &start).await.status.as_u16() == 201).then_some(())
    })
    .await;
    own.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_the_platform_ends_whether_or_not_kafka_is_there() {
    let mut own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    ready_video(&creator).await;
    own.kafka().kill().await;
    own.end().await;
    own.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_commit_and_publish_the_event_still_arrives_and_has_its_effect_once() {
    let mut own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    // Without Kafka nothing can be published: whatever is committed now is in the outbox only.
    own.kafka().kill().await;
    for _ in 0..2 {
        uploaded_video(&creator, sample_mp4().await).await;
    }
    own.crash();
    own.kafka().start().await.expect("Kafka starts again");
    own.start_again().await;
    all_ready(&creator, 2).await;
    // Killed again in the middle of things: whatever is delivered a second time changes nothing.
    for _ in 0..3 {
        uploaded_video(&creator, sample_mp4().await).await;
    }
    own.crash();
    own.start_again().await;
    all_ready(&creator, 5).await;
    own.stop().await;
}

/// How often a video was told to be published. An event may be there twice, under its id.
async fn publications(own: &OwnPlatform, video: &str) -> usize {
    let events = events_of(&own.brokers(), "media.published").await;
    let events = events.into_iter().map(|event| event.expect("an event"));
    let told = events.filter(|event| String::from_utf8_lossy(&event.data).contains(video));
    told.map(|event| event.id).collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_comes_about_once_though_the_platform_was_killed_over_its_time() {
    let mut own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    let (video, _) = titled_video(&creator).await;
    let path = format!("/v1/videos/{video}");
    let publish_at = Timestamp::now() + SignedDuration::from_secs(5);
    creator.put(&format!("{path}/schedule"), &json!({"publish_at": publish_at})).await.expect(200);
    own.crash();
    while Timestamp::now() <= publish_at {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    own.start_again().await;
    let back = Timestamp::now();
    let published = eventually("it is published", async || {
        let video = creator.get(&path).await.expect(200);
        (video["state"] == "published").then_some(video)
    })
    .await;
    let at: Timestamp = published["published_at"].as_str().expect("a time").parse().expect("a time");
    assert!(at > publish_at, "{at}");
    assert!(at.duration_since(back) < PROMPTLY, "{at} is long after {back}");
    // Killed once more: a timer that was not done with would come again.
    own.crash();
    own.start_again().await;
    assert_eq!(creator.get(&path).await.expect(200)["version"], published["version"]);
    assert_eq!(publications(&own, &video).await, 1);
    own.stop().await;
}

/// Runs commands of the documentation, in a directory of their own, with what the platform was told.
fn run_as_documented(commands: &str, own: &OwnPlatform, directory: &Path) {
    let shell = format!("set -euo pipefail; source '{}'; {commands}", own.environment().display());
    let mut bash = Command::new("bash");
    // The pages are read at the root of the workspace; what they write belongs elsewhere.
    bash.arg("-c").arg(shell.replace("mcsp.dump", &directory.join("mcsp.dump").display().to_string()));
    let output = bash.current_dir(root()).output().expect("bash");
    assert!(output.status.success(), "{commands}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The database of a URL, and every role of a service, as if they had never been.
async fn lose(database_url: &str) {
    let (server, database) = database_url.rsplit_once('/').expect("a database");
    let mut template = PgConnection::connect(&format!("{server}/template1")).await.expect("Postgres");
    let roles = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'mcsp\\_%' AND NOT rolsuper";
    let roles: Vec<String> = sqlx::query_scalar(roles).fetch_all(&mut template).await.expect("roles");
    assert!(!roles.is_empty());
    let drops = roles.iter().map(|role| format!("DROP ROLE {role}"));
    for drop in std::iter::once(format!("DROP DATABASE {database} WITH (FORCE)")).chain(drops) {
        template.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.expect("it is dropped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_dump_the_platform_goes_on_where_it_was() {
    let mut own = OwnPlatform::start().await;
    let creator = own.client().account("creator").await;
    let (video, title) = titled_video(&creator).await;
    let path = format!("/v1/videos/{video}");
    creator.post(&format!("{path}/publish"), &json!({})).await.expect(200);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let blocks = documented("docs/operations.md", "## Backup and restore");
    let [backup, restore] = blocks.as_slice() else { panic!("a backup and a restore: {blocks:?}") };
    run_as_documented(backup, &own, directory.path());
    creator.patch(&path, &json!({"title": "After the dump"}), None).await.expect(200);
    own.end().await;
    lose(&own.postgres_url()).await;
    run_as_documented(restore, &own, directory.path());
    own.start_again().await;
    // Tokens of before are good, and so is the password.
    assert_eq!(creator.get(&path).await.expect(200)["title"], title);
    let creator = creator.signed_in_again().await;
    let viewer = own.client().account("viewer").await;
    let start = json!({"video_id": video, "device": {"id": "tv", "name": "TV"}});
    viewer.post("/v1/playback/sessions", &start).await.expect(201);
    // What is committed is told again, and what is told is heard of.
    creator.patch(&path, &json!({"title": "Once more"}), None).await.expect(200);
    ready_video(&creator).await;
    own.stop().await;
}
