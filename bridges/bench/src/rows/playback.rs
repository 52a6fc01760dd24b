//! The start of a playback session, on a whole platform with its stores.

use super::{Bench, steady};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::process::{Server, configured, free_address};
use mcsp_tests::{Account, OwnPlatform, Platform, eventually, policies, root, titled_video};
use serde_json::json;
use std::path::Path;

pub(super) const CONNECTIONS: u32 = 32;
/// Who starts sessions, in turns.
const VIEWERS: usize = 16;
/// So many streams at once that no start is refused however long the load goes on.
pub(super) const STREAM_LIMIT: (&str, &str) = ("SPIN_VARIABLE_DEFAULT_STREAM_LIMIT", "1000000000");

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &[STREAM_LIMIT]));
    let load = runtime.block_on(starts(&platform.client()));
    let twin = twin(&platform.environment())?;
    let (runner, native) = (platform.client(), twin.url());
    let rows = compared(bench, &load, [runner.url(), &native]);
    runtime.block_on(platform.stop());
    rows
}

fn compared(bench: &Bench, load: &Load, [runner, twin]: [&str; 2]) -> anyhow::Result<Vec<Row>> {
    const WHAT: &str = "playback session start";
    let [wasm, native] = bench.compare(load, [runner, twin])?;
    let capacity = wasm.per_second.median();
    Ok(vec![
        Row {
            figure: format!("{WHAT}: runner ÷ native twin, req/s"),
            samples: wasm.per_second.over(&native.per_second),
            unit: "",
            goal: Some(Goal::AtLeast(0.85)),
            made_of: format!("runner {wasm}; native {native}; {CONNECTIONS} connections, {VIEWERS} viewers"),
        },
        steady::latency(bench, WHAT, load, [runner, twin], capacity)?,
        steady::goodput(bench, WHAT, load, runner, capacity)?,
    ])
}

/// Signs viewers in and publishes a video that they may play.
pub(super) async fn starts(client: &Platform) -> Load {
    let creator = client.account("creator").await;
    let (video, _) = titled_video(&creator).await;
    creator.post(&format!("/v1/videos/{video}/publish"), &json!({})).await.expect(200);
    let mut viewers: Vec<Account> = Vec::new();
    for _ in 0..VIEWERS {
        viewers.push(client.account("viewer").await);
    }
    let start = json!({"video_id": video, "device": {"id": "tv", "name": "TV"}});
    for viewer in &viewers {
        eventually("Playback has heard of the publication", async || {
            (viewer.post("/v1/playback/sessions", &start).await.status.as_u16() == 201).then_some(())
        })
        .await;
    }
    Load {
        method: "POST",
        path: "/v1/playback/sessions".into(),
        tokens: viewers.into_iter().map(|viewer| viewer.token).collect(),
        body: Some(start.to_string()),
        expect: (201, "resume_position_ms"),
        connections: CONNECTIONS,
    }
}

/// The same routes over the same stores, without WebAssembly.
fn twin(environment: &Path) -> anyhow::Result<Server> {
    let address = free_address()?;
    let mut command = configured("mcsp-bench", environment)?;
    command
        .args(["twin", "playback-sessions", "--listen", &address.to_string(), "--manifest"])
        .arg(root().join("spin.toml"))
        .env(STREAM_LIMIT.0, STREAM_LIMIT.1)
        .env("MCSP_POLICIES", policies());
    Server::start(command, address, crate::twin::HEALTH_PATH)
}
