//! The pods of knative/, on this machine: real processes, with the manifests' arguments and variables and nothing else.

use mcsp_ids::{EventId, UploadId, VideoId};
use mcsp_tests::{Cluster, Platform, Pod, manifest};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The code of all components, compiled as the image's is.
async fn precompiled() -> PathBuf {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    let made = MADE.get_or_init(async || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
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
async fn the_relay_hands_on_events_with_the_platforms_token() {
    let mut cluster = cluster().await;
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
    // What can never be applied says so; what nobody takes comes again.
    assert_eq!(bring(&relay_url, "/events/content-events", &json!({"video_id": 7})).await, 422);
    assert_eq!(bring(&relay_url, "/events/nobody", &data).await, 404);
    ended_well(content_pod).await;
    assert_eq!(bring(&relay_url, "/events/content-events", &data).await, 503);
    ended_well(relay).await;
}

/// An upload's event, as a Knative source sends it.
async fn bring(url: &str, path: &str, data: &Value) -> StatusCode {
    let request = Client::new()
        .post(format!("{url}{path}"))
        .header("ce-specversion", "1.0")
        .header("ce-id", EventId::from_uuid(Uuid::now_v7()).to_string())
        .header("ce-type", "mcsp.upload.session.initiated.v1")
        .header("ce-source", "/mcsp/upload")
        .json(data);
    request.send().await.expect("an answer").status()
}
