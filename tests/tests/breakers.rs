//! Breakers on a running platform: their thresholds follow a file, everybody can see them, and what is healed is taken back.

use mcsp_tests::playing::{published, start};
use mcsp_tests::{Account, Fault, OwnPlatform, eventually};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// A breaker that is open lets nobody ask for so long.
const PROBE_INTERVAL: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Under which it takes so many calls, and failures of half of them, to open a breaker.
fn write(path: &Path, minimum_calls: u32, max_concurrent_calls: u32) {
    let wait_ms = PROBE_INTERVAL.as_millis();
    let text = format!(
        "[limits]\nenforced = false\n[targets.redis]\n\
         breaker = {{ sliding_window = {{ calls = {minimum_calls} }}, minimum_calls = {minimum_calls}, \
         wait_duration_in_open_ms = {wait_ms} }}\n\
         bulkhead = {{ max_concurrent_calls = {max_concurrent_calls} }}\n"
    );
    std::fs::write(path, text).expect("the policies");
}

/// Plays for a moment, and says where it was served from.
async fn plays(viewer: &Account, film: &str) -> String {
    let session = start(viewer, film).await.expect(201);
    viewer.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
    session["served_from"].as_str().expect("a source").to_owned()
}

async fn breaker(own: &OwnPlatform) -> Value {
    let guards: Value = serde_json::from_str(&own.admin("/breakers").await).expect("JSON");
    let mut guards = guards.as_array().expect("guards").iter();
    let playbacks = guards.find(|guard| guard["caller"] == "playback" && guard["target"] == "redis");
    playbacks.expect("a guard of Playback and Redis").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_follow_the_file_and_a_healed_store_is_taken_back_within_one_probe_interval() {
    let dir = tempfile::tempdir().expect("a directory");
    let policies = dir.path().join("policies.toml");
    write(&policies, 1_000, 61);
    let told = [("MCSP_POLICIES", policies.to_str().expect("a path"))];
    let (own, wires) = OwnPlatform::start_behind_wires(&told).await;
    let client = own.client();
    let film = published(&client).await;
    let viewer = client.account("viewer").await;
    assert_eq!(plays(&viewer, &film).await, "redis");

    // By default this many failures would open it.
    wires.redis.set(Fault::Refusing);
    for _ in 0..30 {
        assert_eq!(plays(&viewer, &film).await, "memory");
    }
    let seen = breaker(&own).await;
    assert_eq!((&seen["state"], &seen["max_concurrent_calls"]), (&"closed".into(), &61.into()), "{seen}");
    write(&policies, 10, 62);
    eventually("the thresholds are those of the file", async || {
        (breaker(&own).await["max_concurrent_calls"] == 62).then_some(())
    })
    .await;
    for _ in 0..10 {
        plays(&viewer, &film).await;
    }
    let seen = breaker(&own).await;
    assert_ne!(seen["state"], "closed", "{seen}");
    let metrics = own.admin("/metrics").await;
    for name in ["mcsp_breaker_open", "mcsp_breaker_trips_total"] {
        let prefix = format!("{name}{{caller=\"playback\",target=\"redis\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&prefix)).expect("a metric");
        assert!(value.parse::<f64>().expect("a number") > 0.0, "{name}: {value}");
    }
    // A file that is not right changes nothing.
    std::fs::write(&policies, "[targets.redis]\nbreaker = 7\n").expect("the policies");

    // While it is away nobody waits, and probes find it still away; once it is back the next one finds it so.
    let until = Instant::now() + 2 * PROBE_INTERVAL;
    while Instant::now() < until {
        assert_eq!(plays(&viewer, &film).await, "memory");
        tokio::time::sleep(PAUSE).await;
    }
    let before = eventually("the breaker is open", async || {
        plays(&viewer, &film).await;
        Some(breaker(&own).await).filter(|seen| seen["state"] == "open")
    })
    .await;
    wires.redis.set(Fault::None);
    let seen = eventually("Redis is taken back", async || {
        let source = plays(&viewer, &film).await;
        Some(breaker(&own).await).filter(|seen| source == "redis" && seen["state"] == "closed")
    })
    .await;
    assert_eq!(seen["max_concurrent_calls"], 62, "{seen}");
    // The first probes did it: no others were needed.
    assert_eq!(seen["trips_total"], before["trips_total"], "{seen}");
    own.stop().await;
}

/// Processor time of a process, in hundredths of a second.
fn processor_time(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a process of ours");
    // The name is in parentheses and may hold anything; after it come the state and 10 more fields.
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let times = fields.split(' ').skip(11).take(2);
    times.map(|time| time.parse::<u64>().expect("a number")).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_silent_broker_costs_no_processor_time() {
    const OBSERVED: Duration = Duration::from_secs(3);
    /// Of the time that is observed. What spins takes nearly all of a core, and still a good part where cores are short.
    const AT_MOST: f64 = 0.25;
    /// In which it settles: what spins does so for 30 s at least, until a request is given up.
    const SETTLING_S: usize = 15;
    let (own, wires) = OwnPlatform::start_behind_wires(&[]).await;
    let client = own.client();
    let film = published(&client).await;
    let viewer = client.account("viewer").await;
    // The producers are connected, and stay so when nothing comes back any more.
    plays(&viewer, &film).await;
    tokio::time::sleep(PROBE_INTERVAL).await;
    wires.kafka.set(Fault::Dead);
    // Some are on their way then, and others are due: of signals, and of the outbox.
    for _ in 0..60 {
        plays(&viewer, &film).await;
        tokio::time::sleep(PAUSE).await;
    }
    for _ in 0..5 {
        client.account("viewer").await;
    }
    // What was asked for is done by and by, on a busy machine for longer.
    for _ in 0..SETTLING_S {
        if spent(own.id(), Duration::from_secs(1)).await < AT_MOST {
            break;
        }
    }
    let spent = spent(own.id(), OBSERVED).await;
    assert!(spent < AT_MOST, "{spent:.2} of a core");
    own.stop().await;
}

/// How much of a core a process takes, for at least so long.
async fn spent(id: u32, observed: Duration) -> f64 {
    let (begun, before) = (Instant::now(), processor_time(id));
    tokio::time::sleep(observed).await;
    (processor_time(id) - before) as f64 / 100.0 / begun.elapsed().as_secs_f64()
}
