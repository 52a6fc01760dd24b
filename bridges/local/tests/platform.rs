//! A whole private stack: what it serves, what it refuses, and what becomes of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests may fail as tests do"
)]

use mcsp_local::{Durability, Silent, Source, Stack, StackConfig, Urls};
use mcsp_playback_url::{Grant, Key, Network, Signer, content_key};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No step of these tests takes longer, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const SIGNATURE: Duration = Duration::from_secs(60);

async fn platform(directory: &Path) -> Stack {
    let config = StackConfig {
        object_store: Source::Private,
        stand_ins: true,
        ..StackConfig::stores(directory, Durability::Fast)
    };
    let stack = Stack::start(config, &Silent).await.unwrap();
    create_topics(&stack.urls()).await;
    stack
}

async fn create_topics(urls: &Urls) {
    let admin: AdminClient<DefaultClientContext> = client(urls).create().unwrap();
    let topics = ["media.upload.initiated", "media.processing.changed"]
        .map(|name| NewTopic::new(name, 2, TopicReplication::Fixed(1)));
    for created in admin.create_topics(&topics, &AdminOptions::new()).await.unwrap() {
        created.unwrap();
    }
}

fn client(urls: &Urls) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", urls.kafka_brokers.clone().unwrap()).set("log_level", "0");
    config
}

fn bucket(urls: &Urls, name: &str) -> (Bucket, Credentials) {
    let access = urls.object_store.clone().unwrap();
    let endpoint = access.endpoint.parse().unwrap();
    let bucket = Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), access.region).unwrap();
    (bucket, Credentials::new(access.access_key, access.secret_key))
}

async fn upload(urls: &Urls, key: &str, bytes: Vec<u8>) {
    let (bucket, credentials) = bucket(urls, &urls.upload_buckets[0]);
    let url = bucket.put_object(Some(&credentials), key).sign(SIGNATURE);
    let answer = reqwest::Client::new().put(url).body(bytes).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

async fn initiate(urls: &Urls, upload_id: &str, video_id: &str, key: &str) {
    initiate_protected(urls, (upload_id, video_id, key), "none").await;
}

async fn initiate_protected(urls: &Urls, (upload_id, video_id, key): (&str, &str, &str), protection: &str) {
    let data = serde_json::json!({
        "protection": protection,
        "upload_id": upload_id, "video_id": video_id, "owner_id": "user_1", "region": "eu", "version": 3,
        "object": { "bucket": urls.upload_buckets[0], "key": key, "size_bytes": 1, "content_type": "video/mp4" },
    });
    let headers =
        [("ce_id", "event_1"), ("ce_type", "mcsp.upload.upload.initiated.v1"), ("ce_specversion", "1.0")]
            .into_iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            });
    let producer: FutureProducer = client(urls).create().unwrap();
    let data = data.to_string();
    let record = FutureRecord::to("media.upload.initiated").key(upload_id).payload(&data).headers(headers);
    producer.send(record, PATIENCE).await.unwrap();
}

/// The events of an upload, up to and with the first that ends it.
async fn outcome(urls: &Urls, upload_id: &str) -> Vec<OwnedMessage> {
    let consumer: StreamConsumer = client(urls)
        .set("group.id", format!("test-{upload_id}"))
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&["media.processing.changed"]).unwrap();
    let mut events = Vec::new();
    let all = async {
        loop {
            let Ok(record) = consumer.recv().await else { continue };
            if record.key() == Some(upload_id.as_bytes()) {
                events.push(record.detach());
                if data(events.last().unwrap())["state"] != "processing" {
                    break;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    events
}

fn data(event: &OwnedMessage) -> Value {
    serde_json::from_slice(event.payload().unwrap()).unwrap()
}

fn header(event: &OwnedMessage, name: &str) -> String {
    let header = event.headers().unwrap().iter().find(|header| header.key == name).unwrap();
    String::from_utf8(header.value.unwrap().to_vec()).unwrap()
}

fn clip(directory: &Path) -> Vec<u8> {
    let file = directory.join("clip.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=25:duration=5"])
        .args(["-f", "lavfi", "-i", "sine=duration=5", "-pix_fmt", "yuv420p", "-preset", "ultrafast"])
        .arg(&file)
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::read(file).unwrap()
}

fn token(urls: &Urls, prefix: &str, lifetime_s: i64) -> String {
    bound_token(urls, prefix, (lifetime_s, None))
}

fn bound_token(urls: &Urls, prefix: &str, (lifetime_s, network): (i64, Option<Network>)) -> String {
    let key = &urls.playback_keys[0];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let grant = Grant::new(prefix, "session_1", now.saturating_add_signed(lifetime_s)).unwrap();
    let grant = grant.within(network);
    Signer::new(Key::new(key.id.clone(), key.secret.as_bytes()).unwrap()).sign(&grant)
}

async fn refusal(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap();
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_becomes_a_stream_that_plays_through_the_cdn() {
    let directory = tempfile::tempdir().unwrap();
    let stack = platform(directory.path()).await;
    let urls = stack.urls();
    upload(&urls, "uploads/one", clip(directory.path())).await;
    initiate(&urls, "upload_1", "video_1", "uploads/one").await;

    let events = outcome(&urls, "upload_1").await;
    let completed = data(events.last().unwrap());
    assert_eq!(completed["state"], "completed");
    assert_eq!(completed["packaged"]["prefix"], "packaged/video_1/");
    assert_eq!(completed["packaged"]["hls"], "master.m3u8");
    assert_eq!(completed["packaged"]["dash"], "manifest.mpd");
    assert_eq!(completed["packaged"]["hls_steered"], "steered.m3u8");
    let renditions = completed["renditions"].as_array().unwrap();
    let told: Vec<_> = renditions.iter().map(|one| (one["name"].as_str().unwrap(), &one["height"])).collect();
    assert_eq!(told, [("360p", &360.into()), ("180p", &180.into())]);
    assert!((4_900..5_300).contains(&completed["duration_ms"].as_u64().unwrap()), "{completed}");
    assert_eq!(header(events.last().unwrap(), "ce_type"), "mcsp.pipeline.processing.completed.v1");
    let percents: Vec<u64> =
        events.iter().map(|event| data(event)["progress_percent"].as_u64().unwrap()).collect();
    assert!(percents.is_sorted(), "{percents:?}");

    shows_images(&urls, completed["thumbnails"].as_array().unwrap()).await;

    let cdn = urls.cdn.clone().unwrap();
    for manifest in ["master.m3u8", "manifest.mpd"] {
        let url = format!("{cdn}/p/{}/packaged/video_1/{manifest}", token(&urls, "packaged/video_1/", 60));
        decodes(&url);
    }

    refuses_what_is_not_signed(&urls, &cdn).await;
    goes_on_with_newer_urls(&urls, &cdn).await;
    serves_ranges(&urls, &cdn).await;
    stack.stop().await;
}

/// Three of them, which are what is told of them.
async fn shows_images(urls: &Urls, thumbnails: &[Value]) {
    let keys: Vec<_> = thumbnails.iter().map(|thumbnail| thumbnail["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [1, 2, 3].map(|number| format!("thumbnails/video_1/upload_1/{number}.jpg")));
    let times: Vec<_> = thumbnails.iter().map(|thumbnail| thumbnail["time_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times[2] > 4_000, "{times:?}");
    let (bucket, credentials) = bucket(urls, &urls.upload_buckets[0]);
    for thumbnail in thumbnails {
        let url = bucket.get_object(Some(&credentials), thumbnail["key"].as_str().unwrap()).sign(SIGNATURE);
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        let size = imagesize::blob_size(&answer.bytes().await.unwrap()).unwrap();
        let told = ["width", "height"].map(|side| thumbnail[side].as_u64().unwrap());
        assert_eq!(told, [size.width as u64, size.height as u64]);
        assert_eq!(told[1], 360);
    }
}

/// Every rendition and the sound, from the first frame to the last.
fn decodes(manifest: &str) {
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-i", manifest, "-map", "0", "-f", "null", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&decoded.stderr);
    assert!(decoded.status.success() && said.is_empty(), "{manifest}: {said}");
}

async fn refuses_what_is_not_signed(urls: &Urls, cdn: &str) {
    let good = token(urls, "packaged/video_1/", 60);
    let mut changed = good.clone();
    let first = changed.remove(5);
    changed.insert(5, if first == 'A' { 'B' } else { 'A' });
    let expired = token(urls, "packaged/video_1/", -1);
    let path = "packaged/video_1/master.m3u8";
    assert_eq!(refusal(&format!("{cdn}/p/{changed}/{path}")).await, (403, "url_invalid".to_owned()));
    assert_eq!(refusal(&format!("{cdn}/p/{expired}/{path}")).await, (403, "url_expired".to_owned()));
    let other = "packaged/video_2/master.m3u8";
    assert_eq!(refusal(&format!("{cdn}/p/{good}/{other}")).await, (403, "url_invalid".to_owned()));
    let elsewhere = bound_token(urls, "packaged/video_1/", (60, Network::parse("192.0.2.0/24")));
    assert_eq!(refusal(&format!("{cdn}/p/{elsewhere}/{path}")).await, (403, "url_elsewhere".to_owned()));
    let here = bound_token(urls, "packaged/video_1/", (60, Network::parse("127.0.0.0/8")));
    assert_eq!(reqwest::get(format!("{cdn}/p/{here}/{path}")).await.unwrap().status(), 200);
    let missing = "packaged/video_1/none.m3u8";
    assert_eq!(refusal(&format!("{cdn}/p/{good}/{missing}")).await, (404, "not_found".to_owned()));
    assert_eq!(refusal(&format!("{cdn}/{path}")).await, (404, "not_found".to_owned()));
}

/// What a steered player asks for with a URL whose token is over, and a newer one in the query.
async fn goes_on_with_newer_urls(urls: &Urls, cdn: &str) {
    let (old, newer) = (token(urls, "packaged/video_1/", -1), token(urls, "packaged/video_1/", 60));
    let path = "packaged/video_1/steered.m3u8";
    let base = format!("{cdn}/p/{old}/{path}");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for query in [format!("token={newer}"), format!("steering=https%3A%2F%2Fa&token={newer}&b")] {
        let answer = client.get(format!("{base}?{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 307, "{query}");
        assert_eq!(answer.headers()["location"].to_str().unwrap(), format!("/p/{newer}/{path}"));
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    }
    let followed = reqwest::get(format!("{base}?token={newer}")).await.unwrap();
    assert_eq!(followed.status(), 200);
    let playlist = followed.text().await.unwrap();
    assert!(playlist.starts_with("#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-DEFINE:QUERYPARAM=\"steering\"\n"));
    // The parameter counts, whatever the path's own token is worth.
    let base = format!("{cdn}/p/{newer}/{path}");
    for (query, code) in [
        (format!("token={old}"), "url_expired"),
        (format!("token={}", token(urls, "packaged/video_2/", 60)), "url_invalid"),
        ("token=x".to_owned(), "url_invalid"),
        ("token=".to_owned(), "url_invalid"),
        (format!("token=x/{newer}"), "url_invalid"),
    ] {
        assert_eq!(refusal(&format!("{base}?{query}")).await, (403, code.to_owned()), "{query}");
    }
    for query in ["steering=https%3A%2F%2Fa", "tokens=x", "token", ""] {
        let answer = client.get(format!("{base}?{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{query}");
    }
}

async fn serves_ranges(urls: &Urls, cdn: &str) {
    let base = format!("{cdn}/p/{}/packaged/video_1", token(urls, "packaged/video_1/", 60));
    let client = reqwest::Client::new();
    let whole = client.get(format!("{base}/master.m3u8")).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(whole.headers()["access-control-allow-origin"], "*");
    let whole = whole.bytes().await.unwrap();
    let part = client.get(format!("{base}/master.m3u8")).header("range", "bytes=1-4").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"].to_str().unwrap(), format!("bytes 1-4/{}", whole.len()));
    assert_eq!(part.bytes().await.unwrap(), whole.slice(1..5));
    let outside =
        client.get(format!("{base}/master.m3u8")).header("range", "bytes=999999-").send().await.unwrap();
    assert_eq!(outside.status(), 416);
    let asked = client.request(reqwest::Method::OPTIONS, format!("{base}/manifest.mpd"));
    let preflight = asked.header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-methods"], "GET, HEAD");
    assert!(
        preflight.headers()["access-control-allow-headers"].to_str().unwrap().starts_with("Range, CMCD-")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_stream_is_readable_with_the_key_of_its_id_alone() {
    let directory = tempfile::tempdir().unwrap();
    let stack = platform(directory.path()).await;
    let urls = stack.urls();
    upload(&urls, "uploads/four", clip(directory.path())).await;
    initiate_protected(&urls, ("upload_4", "video_4", "uploads/four"), "cenc").await;
    let completed = data(outcome(&urls, "upload_4").await.last().unwrap());
    let protection = &completed["protection"];
    assert_eq!(protection["scheme"], "cenc", "{completed}");
    let [key_id] = &protection["key_ids"].as_array().unwrap()[..] else { panic!("{completed}") };
    let seed = &urls.content_key_seeds[0];
    assert_eq!(protection["seed_id"], *seed.id);
    let key_id = key_id.as_str().unwrap();
    let seed = Key::new(seed.id.clone(), seed.secret.as_bytes()).unwrap();
    let key = content_key(&seed, key_id.parse().unwrap()).map(|byte| format!("{byte:02x}")).concat();
    let told = completed.to_string();
    assert!(!told.contains(&key), "the key is told to nobody");

    let prefix = "packaged/video_4/";
    let base = format!("{}/p/{}/{prefix}", urls.cdn.clone().unwrap(), token(&urls, prefix, 60));
    let manifest = fetched(&format!("{base}manifest.mpd")).await;
    let manifest = String::from_utf8(manifest.to_vec()).unwrap();
    assert_eq!(manifest.matches(&format!("cenc:default_KID=\"{key_id}\"")).count(), 2, "{manifest}");
    assert!(fetched(&format!("{base}media_0.m3u8")).await.windows(8).any(|part| part == b"EXT-X-KE"));
    // Both pictures and the sound.
    for stream in 0..3 {
        // ffmpeg takes the second fragment of a file for the first one, as far as it is encrypted: each by itself.
        for number in 1..=3 {
            let file = directory.path().join(format!("stream_{stream}_{number}.mp4"));
            let mut whole = fetched(&format!("{base}init_{stream}.mp4")).await.to_vec();
            whole.extend(fetched(&format!("{base}segment_{stream}_{number:05}.m4s")).await);
            std::fs::write(&file, whole).unwrap();
            assert!(plays(&file, &["-decryption_key", &key]), "stream {stream}");
            assert!(!plays(&file, &["-decryption_key", &"0".repeat(32)]), "stream {stream} with another key");
            assert!(!plays(&file, &[]), "stream {stream} without a key");
        }
    }
    stack.stop().await;
}

async fn fetched(url: &str) -> bytes::Bytes {
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.bytes().await.unwrap()
}

/// Whether ffmpeg decodes it without a complaint.
fn plays(file: &Path, how: &[&str]) -> bool {
    let mut ffmpeg = Command::new("ffmpeg");
    let output = ffmpeg
        .args(["-v", "error"])
        .args(how)
        .arg("-i")
        .arg(file)
        .args(["-f", "null", "-"])
        .output()
        .unwrap();
    output.status.success() && output.stderr.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_video_fails_with_its_reason_and_kafka_may_crash_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let stack = platform(directory.path()).await;
    let urls = stack.urls();
    upload(&urls, "uploads/text", b"#EXTM3U\nfile:///etc/passwd\n".to_vec()).await;
    initiate(&urls, "upload_2", "video_2", "uploads/text").await;
    let failed = data(outcome(&urls, "upload_2").await.last().unwrap());
    assert_eq!((&failed["state"], &failed["reason_code"]), (&"failed".into(), &"not_media".into()));

    let kafka = stack.kafka().unwrap();
    kafka.kill().await;
    kafka.start().await.unwrap();
    initiate(&urls, "upload_3", "video_3", "uploads/missing").await;
    let failed = data(outcome(&urls, "upload_3").await.last().unwrap());
    assert_eq!(failed["reason_code"], "source_missing");
    let left = std::fs::read_dir(directory.path().join("pipeline")).unwrap().count();
    assert_eq!(left, 0, "temporary files were left behind");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_belongs_to_one_stack_at_a_time_and_keeps_its_data() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        || StackConfig { kafka: Source::Off, ..StackConfig::stores(directory.path(), Durability::Durable) };
    let stack = Stack::start(config(), &Silent).await.unwrap();
    let before = stack.urls();
    let second = Stack::start(config(), &Silent).await.unwrap_err().to_string();
    assert!(second.contains(&std::process::id().to_string()) && !second.contains('\n'), "{second}");

    execute(&before, "CREATE TABLE kept (n int)").await.unwrap();
    // As a crash does: the pid file stays.
    stack.postgres().unwrap().kill().await;
    stack.redis().unwrap().kill().await;
    stack.stop().await;
    let stack = Stack::start(config(), &Silent).await.unwrap();
    assert!(stack.urls() == before, "the URLs changed");
    execute(&stack.urls(), "INSERT INTO kept VALUES (1)").await.unwrap();
    stack.stop().await;
}

async fn execute(urls: &Urls, sql: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&urls.postgres.clone().unwrap()).await?;
    sqlx::query(sql).execute(&mut connection).await?;
    connection.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_start_says_what_to_do_and_leaves_nothing_running() {
    let directory = tempfile::tempdir().unwrap();
    let config = StackConfig {
        tools_dir: directory.path().join("none"),
        ..StackConfig::stores(directory.path(), Durability::Fast)
    };
    let error = Stack::start(config, &Silent).await.unwrap_err().to_string();
    assert!(error.contains("run scripts/setup") && !error.contains('\n'), "{error}");
    let left = Command::new("pgrep").args(["-f", directory.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "processes were left running");
}
