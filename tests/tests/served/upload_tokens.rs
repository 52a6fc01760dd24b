//! Tokens for one upload: on every protected route of the platform they are refused, but on those of their upload.

use mcsp_tests::routes::{Auth, ROUTES, Thing};
use mcsp_tests::{Account, Platform};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// Its route is no one's but the owner's.
const DELEGATE: &str = "/v1/uploads/:id/token";

async fn created(creator: &Account) -> Value {
    let wanted =
        json!({"file_name": "a.mp4", "size_bytes": 64, "content_type": "video/mp4", "method": "multipart"});
    creator.post("/v1/uploads", &wanted).await.expect(201)
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

async fn token(creator: &Account, upload: &Value) -> String {
    let path = format!("/v1/uploads/{}/token", id(upload));
    let answer = creator.post(&path, &json!({"valid_for_s": 600})).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.expect(200)["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_token_is_refused_on_every_route_but_those_of_its_upload() {
    let creator = Platform::running().account("creator").await;
    let upload = created(&creator).await;
    let token = token(&creator, &upload).await;
    let mut of_its_upload = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.auth, Auth::Bearer | Auth::Optional)) {
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        let request = creator.platform.request(method, route.path).bearer_auth(&token);
        let request = request.header("idempotency-key", Uuid::new_v4().to_string());
        let request = match route.body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        };
        let answer = creator.platform.send(request).await;
        // Those of its upload name another one here.
        let sends = route.owned == Some(Thing::Upload) && route.manifest_route != DELEGATE;
        of_its_upload += usize::from(sends);
        let code = if sends { "invalid_upload_token" } else { "invalid_token" };
        if route.form.is_none() && !route.manifest_route.starts_with("/oauth/") {
            answer.refused(401, code);
        } else {
            assert_eq!(answer.status.as_u16(), 401, "{}: {}", answer.request, answer.json);
        }
    }
    assert_eq!(of_its_upload, 8, "five of /v1/uploads, and three of tus");
}

#[tokio::test]
async fn whoever_has_a_token_sends_the_upload_and_its_owner_has_the_video() {
    let creator = Platform::running().account("creator").await;
    let upload = created(&creator).await;
    let token = token(&creator, &upload).await;
    let holder = |method: Method, path: &str| creator.platform.request(method, path).bearer_auth(&token);
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(64, 0);
    let path = format!("/v1/tus/{}", id(&upload));
    let sent = holder(Method::PATCH, &path)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "0")
        .header("content-type", "application/offset+octet-stream")
        .body(file);
    assert_eq!(creator.platform.send(sent).await.status.as_u16(), 204);
    let path = format!("/v1/uploads/{}", id(&upload));
    let seen = creator.platform.send(holder(Method::GET, &path)).await.expect(200);
    assert!(seen["video_id"].is_string() && seen["state"] != "uploading", "{seen}");
}
