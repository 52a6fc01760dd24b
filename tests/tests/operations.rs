//! What people look at who run the platform: what it costs, what is shown and when somebody is called.

use mcsp_ids::VideoId;
use mcsp_tests::{Platform, root, run_client};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Command;
use uuid::Uuid;

/// The admin face of the platform that `scripts/test` started.
fn admin_socket() -> PathBuf {
    let state =
        std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
    PathBuf::from(state).join("admin.sock")
}

async fn metrics() -> String {
    let mut socket = UnixStream::connect(admin_socket()).await.expect("the admin face");
    socket
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("it answers");
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

async fn cost(arguments: &[&str]) -> Output {
    let mut mcsp = Command::new(root().join("target/release/mcsp"));
    mcsp.args(["cost", "--admin"]).arg(admin_socket()).args(arguments);
    mcsp.output().await.expect("target/release/mcsp: run scripts/test, which builds it")
}

/// Asks Playback for what nobody has, so that there is something to see of it.
async fn asked_playback() {
    let viewer = Platform::running().account("viewer").await;
    let path = format!("/v1/playback/positions/{}", VideoId::from_uuid(Uuid::now_v7()));
    let asked = viewer.request(Method::GET, &path);
    assert_eq!(viewer.platform.send(asked).await.status, 404);
    let started =
        json!({"video_id": VideoId::from_uuid(Uuid::now_v7()), "device": {"id": "tv", "name": "TV"}});
    viewer.post("/v1/playback/sessions", &started).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_functions_cost_is_told_and_drawn() {
    asked_playback().await;
    let chart = std::env::temp_dir().join(format!("mcsp-cost-{}.svg", Uuid::new_v4().simple()));
    let arguments =
        ["--format", "json", "--price-egress-gib", "0", "--plot", chart.to_str().expect("a path")];
    let told = cost(&arguments).await;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let bill: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let positions = bill["components"].as_array().expect("components").iter();
    let mut positions = positions.filter(|item| item["component"] == "playback-positions");
    let positions = positions.next().expect("a component");
    assert!(positions["requests"].as_u64() > Some(0), "{positions}");
    for figure in ["cpu_ms", "memory_gib_s", "sent_bytes", "cost"] {
        assert!(bill["total"]["per_1000_requests"][figure].as_f64() > Some(0.0), "{figure}: {bill}");
    }
    let saved = bill["total"]["saved_percent"].as_f64().expect("a part");
    assert!((0.0..=100.0).contains(&saved), "{saved}");
    let dear = bill["total"]["monthly"]["always_on"].as_f64() >= bill["total"]["monthly"]["dropped"].as_f64();
    assert!(dear && bill["up_s"].as_f64() > Some(0.0), "{bill}");
    let drawn = std::fs::read_to_string(&chart).expect("a chart");
    assert!(drawn.starts_with("<svg ") && drawn.contains(">playback-positions</text>"), "{drawn}");
    std::fs::remove_file(&chart).ok();

    let table = cost(&[]).await;
    assert!(String::from_utf8_lossy(&table.stdout).contains("\nplayback-positions "));
    let wrong = cost(&["--price-vcpu-hour", "-1"]).await;
    assert!(!wrong.status.success());
}

/// What the script is told, with a file for what is longer than an argument may be.
fn shown(metrics: &str) -> (NamedTempFile, Value) {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), metrics).expect("the metrics");
    let given = json!({"root": root(), "metrics_path": file.path()});
    (file, given)
}

#[tokio::test]
async fn dashboards_and_alerts_ask_for_what_the_platform_shows() {
    asked_playback().await;
    let (_kept, given) = shown(&metrics().await);
    let told = run_client("monitoring.py", &given).await;
    assert!(told.ends_with(" expressions ask for what there is\n"), "{told}");
    // That it looks: a metric less, and it is missed.
    let fewer: Vec<String> = metrics()
        .await
        .lines()
        .filter(|line| !line.contains("mcsp_breaker_open"))
        .map(str::to_owned)
        .collect();
    let (_kept, given) = shown(&fewer.join("\n"));
    let refused = tokio::spawn(async move { run_client("monitoring.py", &given).await }).await;
    let refused = refused.expect_err("a metric is missing").into_panic();
    let words = refused.downcast_ref::<String>().expect("words");
    assert!(words.contains("BreakerOpen: there is no metric mcsp_breaker_open"), "{words}");
}
