//! The pods of knative/, on this machine: real processes, with the manifests' arguments and variables and nothing else.

use mcsp_ids::{EventId, UploadId, VideoId};
use mcsp_tests::collecting::Collector;
use mcsp_tests::{Account, Cluster, Platform, Pod, eventually, manifest, playing, root};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use uuid::Uuid;

/// What the events of these tests say of the span that sent them.
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID: &str = "b7ad6b7169203331";

/// The code of all components, compiled as the image's is.
async fn precompiled() -> PathBuf {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    let made = MADE.get_or_init(async || {
        let root = root();
        let dir = root.join("target/test-precompiled");
        let mut mcsp = Command::new(root.join("target/release/mcsp"));
        mcsp.current_dir(root).args(["precompile", "--out"]).arg(&dir);
        let done = mcsp.status().await.expect("target/release/mcsp: run scripts/test, which builds it");
        assert!(done.success());
        dir
    });
    made.await.clone()
}

/// The platform that `scripts/test` started takes the place of all that is not the pod.
async fn cluster() -> Cluster {
    let state =
        std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
    Cluster {
        environment: PathBuf::from(state).join("platform.env"),
        services_url: Platform::running().url().to_owned(),
        precompiled: precompiled().await,
        traces: String::new(),
    }
}

/// A pod of a service that is ready, and a client for it.
async fn pod_of(service: &str, cluster: &Cluster) -> (Pod, Platform) {
    let service = manifest(&format!("{service}/service.yaml"), "Service");
    let mut pod = Pod::start(&service["spec"]["template"]["spec"], cluster);
    let url = pod.ready("functions", "serving on", "serving on").await;
    pod.ready("bridge", "ops are shown", "ops are shown").await;
    (pod, Platform::at(url))
}

async fn ended_well(pod: Pod) {
    for (container, end) in pod.stop().await {
        assert!(end.success(), "{container}: {end}");
    }
}

#[tokio::test]
async fn auth_registers_and_signs_in_and_has_no_routes_of_others() {
    let (pod, auth) = pod_of("auth", &cluster().await).await;
    let account = auth.account("viewer").await;
    account.get("/v1/accounts/me").await.expect(200);
    auth.get("/v1/search?q=anything").await.refused(404, "not_found");
    ended_well(pod).await;
}

#[tokio::test]
async fn upload_content_and_playback_answer_an_account_of_the_platform() {
    let cluster = cluster().await;
    let account = Platform::running().account("creator").await;
    let video = VideoId::from_uuid(Uuid::now_v7());
    for (service, path, status) in [
        ("upload", "/v1/uploads/upload_00000000000000000000000000".to_owned(), 404),
        ("content", "/v1/videos".to_owned(), 200),
        ("playback", format!("/v1/playback/positions/{video}"), 404),
    ] {
        let (pod, client) = pod_of(service, &cluster).await;
        let asked = client.request(Method::GET, &path).bearer_auth(&account.token);
        assert_eq!(client.send(asked).await.status, status, "{service}");
        assert_eq!(client.get(&path).await.status, 401, "{service}");
        ended_well(pod).await;
    }
}

#[tokio::test]
async fn the_relay_hands_on_events_with_the_platforms_token_and_their_trace() {
    let collector = Collector::start().await;
    let mut cluster = Cluster { traces: collector.endpoint(), ..cluster().await };
    let (content_pod, content) = pod_of("content", &cluster).await;
    cluster.services_url = content.url().to_owned();
    let mut relay =
        Pod::start(&manifest("platform/relay.yaml", "Deployment")["spec"]["template"]["spec"], &cluster);
    let relay_url = relay.ready("bridge", "events are taken", "ops are shown").await;

    let owner = Platform::running().account("creator").await;
    let video = VideoId::from_uuid(Uuid::now_v7());
    let data = json!({
        "upload_id": UploadId::from_uuid(Uuid::now_v7()), "video_id": video, "owner_id": owner.user_id, "region": "eu",
    });
    // Without the token a pod takes no event, whoever can reach it.
    assert_eq!(bring(content.url(), "/events/content-events", &data).await, 404);
    let video_path = format!("/v1/videos/{video}");
    let seen = async || {
        content.send(content.request(Method::GET, &video_path).bearer_auth(&owner.token)).await.status
    };
    assert_eq!(seen().await, 404);
    assert_eq!(bring(&relay_url, "/events/content-events", &data).await, 204);
    assert_eq!(seen().await, 200);
    one_trace_through_three_processes(&collector).await;
    // What can never be applied says so; what nobody takes comes again.
    assert_eq!(bring(&relay_url, "/events/content-events", &json!({"video_id": 7})).await, 422);
    assert_eq!(bring(&relay_url, "/events/nobody", &data).await, 404);
    ended_well(content_pod).await;
    assert_eq!(bring(&relay_url, "/events/content-events", &data).await, 503);
    ended_well(relay).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playback_is_replaced_pod_by_pod_under_load_and_no_request_fails() {
    const REPLICAS: usize = 3;
    let cluster = cluster().await;
    let (mut pods, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..REPLICAS {
        let (pod, client) = pod_of("playback", &cluster).await;
        pods.push(pod);
        clients.push(Arc::new(client));
    }
    let video = playing::published(&Platform::running()).await;
    let endpoints = Arc::new(Endpoints { pods: Mutex::new(clients), turn: AtomicUsize::new(0) });
    let (over, mut viewers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for _ in 0..8 {
        let viewer = Platform::running().account("viewer").await;
        viewers.spawn(watch(viewer, video.clone(), Arc::clone(&endpoints), Arc::clone(&over)));
    }
    for (place, pod) in pods.iter_mut().enumerate() {
        let (new, client) = pod_of("playback", &cluster).await;
        endpoints.replace(place, client).await;
        ended_well(std::mem::replace(pod, new)).await;
    }
    over.store(true, Ordering::Relaxed);
    let sessions: usize = viewers.join_all().await.into_iter().sum();
    assert!(sessions > REPLICAS * 8, "{sessions} sessions are no load");
    for pod in pods {
        ended_well(pod).await;
    }
}

/// Pods that requests go to, in turns.
struct Endpoints {
    pods: Mutex<Vec<Arc<Platform>>>,
    turn: AtomicUsize,
}

impl Endpoints {
    fn next(&self) -> Arc<Platform> {
        let pods = self.pods.lock().unwrap();
        Arc::clone(&pods[self.turn.fetch_add(1, Ordering::Relaxed) % pods.len()])
    }

    /// Puts a pod in the place of another, and waits until what was sent to that one is answered: as the proxy beside a
    /// pod does before the pod is asked to end.
    async fn replace(&self, place: usize, by: Platform) {
        let old = std::mem::replace(&mut self.pods.lock().unwrap()[place], Arc::new(by));
        eventually("what the old pod was sent is answered", async || {
            (Arc::strong_count(&old) == 1).then_some(())
        })
        .await;
    }
}

/// Starts and ends sessions until told otherwise. Gives how many.
async fn watch(viewer: Account, video: String, endpoints: Arc<Endpoints>, over: Arc<AtomicBool>) -> usize {
    let mut sessions = 0;
    while !over.load(Ordering::Relaxed) {
        let starting = endpoints.next();
        let there = Account { platform: (*starting).clone(), ..viewer.clone() };
        let session = playing::start(&there, &video).await.expect(201);
        drop(starting);
        let ending = endpoints.next();
        let there = Account { platform: (*ending).clone(), ..viewer.clone() };
        there.delete(session["end_path"].as_str().unwrap()).await.expect(204);
        sessions += 1;
    }
    sessions
}

/// The relay hands on, the functions take, their bridge commits.
async fn one_trace_through_three_processes(collector: &Collector) {
    let of_event =
        |name: &'static str| collector.span(name, move |span| span.trace_id == TRACE_ID && span.name == name);
    let committed = of_event("TRANSACTION content").await;
    let (_, handed_on) =
        (of_event("POST /events/content-events").await, of_event("process content-events").await);
    let trace = collector.trace(TRACE_ID);
    let names = ["TRANSACTION content", "POST /events/content-events", "process content-events"];
    assert_eq!(committed.names(&trace), names.map(|name| ("content", name)));
    assert_eq!(handed_on.parent_id, SPAN_ID);
}

/// An upload's event, as a Knative source sends it.
async fn bring(url: &str, path: &str, data: &Value) -> StatusCode {
    let request = Client::new()
        .post(format!("{url}{path}"))
        .header("ce-specversion", "1.0")
        .header("ce-id", EventId::from_uuid(Uuid::now_v7()).to_string())
        .header("ce-type", "mcsp.upload.session.initiated.v1")
        .header("ce-source", "/mcsp/upload")
        .header("ce-traceparent", format!("00-{TRACE_ID}-{SPAN_ID}-01"))
        .json(data);
    request.send().await.expect("an answer").status()
}
