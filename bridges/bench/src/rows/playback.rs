//! The start of a playback session, on a whole platform with its stores.

use super::{Bench, steady};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::pod::{Pod, Spec};
use crate::process::{Server, configured, free_address, own_program, peer};
use crate::rounds::Samples;
use mcsp_access::Role;
use mcsp_ids::UserId;
use mcsp_tests::{OwnPlatform, Platform, claims, eventually, policies, root, titled_video};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

pub(super) const CONNECTIONS: u32 = 32;
const START: &str = "/v1/playback/sessions";
/// Who starts sessions, in turns. They end none, and without Redis a process counts a hundred or so of each.
const VIEWERS: u128 = 2048;
/// Pods whose first answer is measured, and warm ones of each.
const PODS: usize = 20;
const WARM: usize = 20;
/// Longer than a measurement lasts.
const SIGNED_IN_S: i64 = 4 * 3600;
/// So many streams at once that no start is refused however long the load goes on.
pub(super) const STREAM_LIMIT: (&str, &str) = ("SPIN_VARIABLE_DEFAULT_STREAM_LIMIT", "1000000000");

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &[STREAM_LIMIT]));
    let load = runtime.block_on(starts(&platform));
    let twin = twin(&platform.environment())?;
    let (runner, native) = (platform.client(), twin.url());
    let rows = compared(bench, &load, [runner.url(), &native]).and_then(|mut rows| {
        drop(twin);
        rows.extend(deployed(bench, &platform, &load)?);
        Ok(rows)
    });
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

/// As it is deployed: in a pod, with a bridge beside it.
fn deployed(bench: &Bench, platform: &OwnPlatform, load: &Load) -> anyhow::Result<Vec<Row>> {
    const WHAT: &str = "playback session start in a pod";
    let environment = &platform.environment();
    let policies = policies().display().to_string();
    let spec = Spec {
        service: "playback",
        core: None,
        environment,
        variables: &[STREAM_LIMIT, ("MCSP_POLICIES", &policies)],
        arguments: &[],
        scratch: bench.scratch(),
    };
    let pod = Pod::start(spec)?;
    let single = Pod::start(Spec { arguments: &["--no-reuse"], ..spec })?;
    let [reused, anew] = bench.compare(load, [&pod.url(), &single.url()])?;
    drop(single);
    let mut rows = vec![Row {
        figure: format!("{WHAT}: instances reused ÷ an instance for each request, req/s"),
        samples: reused.per_second.over(&anew.per_second),
        unit: "",
        goal: None,
        made_of: format!("reused {reused}; anew {anew}"),
    }];
    if let Some(program) = peer("MCSP_BENCH_SPIN", "spin") {
        let spin = Pod::on_spin(spec, &program, "playback-sessions")?;
        let [ours, theirs] = bench.compare(load, [&pod.url(), &spin.url()])?;
        rows.push(Row {
            figure: format!("{WHAT}: runner ÷ stock Spin, req/s"),
            samples: ours.per_second.over(&theirs.per_second),
            unit: "",
            goal: Some(Goal::AtLeast(3.0)),
            made_of: format!("runner {ours}; Spin {theirs}; either with a bridge beside it"),
        });
    }
    drop(pod);
    rows.push(first_answers(spec, load)?);
    Ok(rows)
}

/// Pods that have just said that they are ready.
fn first_answers(spec: Spec<'_>, load: &Load) -> anyhow::Result<Row> {
    let (mut first_ms, mut warm_ms) = (Samples::default(), Samples::default());
    for _ in 0..PODS {
        let pod = Pod::start(spec)?;
        let (first, warm) = load.one_by_one(&pod.url(), 1 + WARM)?.first_and_rest();
        first_ms.push(first);
        warm_ms.push(warm.median());
    }
    Ok(Row {
        figure: "playback session start in a pod: the first one ÷ a warm one, p50".to_owned(),
        samples: first_ms.over(&warm_ms).quartiles(),
        unit: "",
        goal: Some(Goal::AtMost(5.0)),
        made_of: format!(
            "{PODS} pods that said they were ready, one connection each; first {:.2} ms, warm {:.2} ms; the spread is that of the middle half",
            first_ms.median(),
            warm_ms.median()
        ),
    })
}

/// Publishes a video, and has viewers who may play it.
pub(super) async fn starts(platform: &OwnPlatform) -> Load {
    let client = platform.client();
    let creator = client.account("creator").await;
    let (video, _) = titled_video(&creator).await;
    creator.post(&format!("/v1/videos/{video}/publish"), &json!({})).await.expect(200);
    let start = json!({"video_id": video, "device": {"id": "tv", "name": "TV"}});
    eventually("Playback has heard of the publication", async || {
        (creator.post(START, &start).await.status.as_u16() == 201).then_some(())
    })
    .await;
    Load {
        method: "POST",
        path: START.into(),
        tokens: viewers(platform, &client).await,
        body: Some(start.to_string()),
        expect: (201, "resume_position_ms"),
        connections: CONNECTIONS,
    }
}

/// Tokens as Auth gives them: so many passwords would take it minutes to hash.
async fn viewers(platform: &OwnPlatform, client: &Platform) -> Vec<String> {
    let key = platform.key().await;
    let token = |number| {
        let mut claims = claims(client, UserId::from_uuid(Uuid::from_u128(number)), Role::Viewer);
        claims.exp = claims.iat + SIGNED_IN_S;
        mcsp_access::issue(&key, &claims)
    };
    (0..VIEWERS).map(token).collect()
}

/// The same routes over the same stores, without WebAssembly.
fn twin(environment: &Path) -> anyhow::Result<Server> {
    let address = free_address()?;
    let mut command = configured(&own_program("mcsp-bench")?, environment);
    command
        .args(["twin", "playback-sessions", "--listen", &address.to_string(), "--manifest"])
        .arg(root().join("spin.toml"))
        .env(STREAM_LIMIT.0, STREAM_LIMIT.1)
        .env("MCSP_POLICIES", policies());
    Server::start(command, address, crate::twin::HEALTH_PATH)
}
