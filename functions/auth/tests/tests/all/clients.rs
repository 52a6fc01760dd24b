//! `/v1/clients`: the registry of applications, and what is kept of their secrets.

use auth_domain::Client;
use auth_storage::clients;
use auth_tests::Stand;
use futures::future::join_all;
use jiff::SignedDuration;
use mcsp_access::Role;
use mcsp_testbed::new_id;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn website() -> Value {
    json!({
        "kind": "confidential", "name": "A website", "redirect_uris": ["https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "scopes": ["openid", "content.edit"],
    })
}

async fn created(stand: &Stand) -> Value {
    let reply = stand.administer(("POST", "/v1/clients"), &[], Some(website())).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

fn path(client: &Value) -> String {
    format!("/v1/clients/{}", client["id"].as_str().unwrap())
}

/// As the token endpoint reads it.
async fn stored(stand: &Stand, client: &Value) -> Client {
    let id = client["id"].as_str().unwrap().parse().unwrap();
    clients::find(&*stand.bed.bridge("auth-clients"), id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_client_is_registered_and_its_secret_shown_once() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    let secret = client["secret"].as_str().unwrap();
    let shown = stand.administer(("GET", &path(&client)), &[], None).await;
    assert_eq!((shown.status, shown.headers["etag"].to_str().unwrap()), (200, "\"1\""));
    let mut expected = client.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown.json, expected);
    let stored = stored(&stand, &client).await;
    assert!(stored.knows(secret, stand.bed.now()) && !stored.knows("another", stand.bed.now()));
    // As it is, and the digits of its bytes, which are also what rows show of bytes.
    let digits = secret.rsplit('_').next().unwrap();
    assert!(stand.bed.is_stored(&Sha256::digest(secret)).await, "its digest is stored");
    assert!(!stand.bed.is_stored(secret.as_bytes()).await && !stand.bed.is_stored(digits.as_bytes()).await);
}

#[tokio::test]
async fn a_repetition_registers_nothing_and_does_not_show_the_secret_again() {
    let stand = Stand::new().await;
    let bearer = stand.bed.bearer(new_id(), Role::Admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let create = async || stand.clients.send(("POST", "/v1/clients"), &headers, Some(website())).await;
    let (first, again) = (create().await, create().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json["id"], again.json["id"]);
    assert!(first.json["secret"].is_string() && again.json["secret"].is_null());
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM clients").await, 1);
    let kept: Vec<u8> = stand.bed.ask("SELECT body FROM idempotency_keys").await;
    assert!(!String::from_utf8(kept).unwrap().contains(first.json["secret"].as_str().unwrap()));
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_show_or_to_rotate() {
    let stand = Stand::new().await;
    let mut phone = website();
    phone["kind"] = json!("public");
    phone["redirect_uris"] = json!(["com.example.app:/cb", "http://127.0.0.1/cb"]);
    let client = stand.administer(("POST", "/v1/clients"), &[], Some(phone)).await;
    assert_eq!((client.status, &client.json["secret"]), (201, &Value::Null));
    let secret = format!("{}/secret", path(&client.json));
    let refused = stand.administer(("POST", &secret), &[], Some(json!({}))).await;
    assert_eq!((refused.status, refused.code()), (409, "client_is_public"));
}

#[tokio::test]
async fn each_bad_field_is_named() {
    let stand = Stand::new().await;
    for (field, value, pointer, code) in [
        ("name", json!(""), "/name", "invalid_name"),
        ("redirect_uris", json!(["https://a.example/#x"]), "/redirect_uris/0", "uri_with_fragment"),
        (
            "redirect_uris",
            json!(["https://a.example/", "https://*.b.example/"]),
            "/redirect_uris/1",
            "uri_with_wildcard",
        ),
        ("redirect_uris", json!(["http://a.example/"]), "/redirect_uris/0", "uri_scheme_not_allowed"),
        ("redirect_uris", json!(vec!["https://a.example/"; 21]), "/redirect_uris", "too_many"),
        ("redirect_uris", json!([]), "/redirect_uris", "redirect_uri_missing"),
        ("backchannel_logout_uri", json!("/out"), "/backchannel_logout_uri", "invalid_uri"),
        (
            "post_logout_redirect_uris",
            json!(["com.example:/x"]),
            "/post_logout_redirect_uris/0",
            "uri_scheme_not_allowed",
        ),
        ("grant_types", json!(["password"]), "/grant_types/0", "unknown_grant_type"),
        ("grant_types", json!([]), "/grant_types", "grant_type_missing"),
        ("scopes", json!(["content.edti"]), "/scopes/0", "unknown_scope"),
    ] {
        let mut bad = website();
        bad[field] = value;
        let refused = stand.administer(("POST", "/v1/clients"), &[], Some(bad.clone())).await;
        assert_eq!((refused.status, refused.code()), (422, "validation_failed"), "{bad}");
        let error = &refused.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{bad}");
    }
    let mut robot = website();
    robot["kind"] = json!("public");
    robot["grant_types"] = json!(["client_credentials"]);
    let refused = stand.administer(("POST", "/v1/clients"), &[], Some(robot)).await;
    assert_eq!(refused.json["errors"][0]["code"], "client_is_public");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM clients").await, 0);
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_nothing_else() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    let edit =
        json!({"name": "Another", "scopes": ["openid"], "backchannel_logout_uri": "https://app.example/out"});
    let edited = stand.administer(("PATCH", &path(&client)), &[("if-match", "\"1\"")], Some(edit)).await;
    assert_eq!((edited.status, edited.headers["etag"].to_str().unwrap()), (200, "\"2\""));
    assert_eq!((&edited.json["name"], &edited.json["scopes"]), (&json!("Another"), &json!(["openid"])));
    assert_eq!(edited.json["redirect_uris"], client["redirect_uris"]);
    let stale = json!({"name": "Lost"});
    let stale = stand.administer(("PATCH", &path(&client)), &[("if-match", "\"1\"")], Some(stale)).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    let cleared = json!({"backchannel_logout_uri": null});
    let cleared = stand.administer(("PATCH", &path(&client)), &[], Some(cleared)).await;
    assert_eq!((cleared.status, &cleared.json["backchannel_logout_uri"]), (200, &Value::Null));
    let null = stand.administer(("PATCH", &path(&client)), &[], Some(json!({"name": null}))).await;
    assert_eq!((null.status, null.code()), (400, "invalid_request"));
    let same = stand.administer(("PATCH", &path(&client)), &[], Some(json!({"name": "Another"}))).await;
    assert_eq!((same.status, same.headers["etag"].to_str().unwrap()), (200, "\"3\""));
}

#[tokio::test]
async fn a_rotated_secret_and_the_one_before_overlap() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    let secret = format!("{}/secret", path(&client));
    let rotated = stand.administer(("POST", &secret), &[], Some(json!({"overlap_s": 3600}))).await;
    assert_eq!(rotated.status, 200, "{}", rotated.json);
    let (old, new) = (client["secret"].as_str().unwrap(), rotated.json["secret"].as_str().unwrap());
    let (stored, now) = (stored(&stand, &client).await, stand.bed.now());
    assert!(stored.knows(old, now) && stored.knows(new, now));
    assert!(!stored.knows(old, now + SignedDuration::from_hours(1)));
    let end: jiff::Timestamp = rotated.json["previous_secret_expires_at"].as_str().unwrap().parse().unwrap();
    assert!((now.duration_since(end) + SignedDuration::from_hours(1)).abs() < SignedDuration::from_secs(60));
    let at_once = stand.administer(("POST", &secret), &[], Some(json!({"overlap_s": 0}))).await;
    assert_eq!(at_once.json["previous_secret_expires_at"], Value::Null);
    let too_long = stand.administer(("POST", &secret), &[], Some(json!({"overlap_s": 604_801}))).await;
    assert_eq!((too_long.status, &too_long.json["errors"][0]["pointer"]), (422, &json!("/overlap_s")));
}

#[tokio::test]
async fn of_many_rotations_of_one_version_one_wins() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    let secret = format!("{}/secret", path(&client));
    let headers = [("if-match", "\"1\"")];
    let rotations =
        join_all((0..8).map(|_| stand.administer(("POST", &secret), &headers, Some(json!({}))))).await;
    let (won, lost): (Vec<_>, Vec<_>) = rotations.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| (reply.status, reply.code()) == (412, "stale")));
    let stored = stored(&stand, &client).await;
    assert!(stored.knows(won[0].json["secret"].as_str().unwrap(), stand.bed.now()));
}

#[tokio::test]
async fn a_deleted_client_is_gone() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    let stale = stand.administer(("DELETE", &path(&client)), &[("if-match", "\"2\"")], None).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    assert_eq!(stand.administer(("DELETE", &path(&client)), &[], None).await.status, 204);
    for route in ["GET", "DELETE"] {
        assert_eq!(stand.administer((route, &path(&client)), &[], None).await.status, 404);
    }
}

#[tokio::test]
async fn clients_are_listed_page_by_page_without_secrets() {
    let stand = Stand::new().await;
    let mut registered = Vec::new();
    for _ in 0..5 {
        registered.push(created(&stand).await["id"].clone());
    }
    registered.reverse();
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = stand.administer(("GET", &format!("/v1/clients?{query}")), &[], None).await;
        assert_eq!(page.status, 200, "{}", page.json);
        for item in page.json["items"].as_array().unwrap() {
            assert!(item.get("secret").is_none());
            seen.push(item["id"].clone());
        }
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!(seen, registered);
}

#[tokio::test]
async fn only_an_administrator_sees_the_registry() {
    let stand = Stand::new().await;
    let client = created(&stand).await;
    for role in [Role::Viewer, Role::Creator, Role::Moderator, Role::Service] {
        let bearer = stand.bed.bearer(new_id(), role);
        let headers = [("authorization", bearer.as_str())];
        for (method, path, body) in [
            ("GET", "/v1/clients".to_owned(), None),
            ("POST", "/v1/clients".to_owned(), Some(website())),
            ("GET", path(&client), None),
            ("PATCH", path(&client), Some(json!({}))),
            ("DELETE", path(&client), None),
            ("POST", format!("{}/secret", path(&client)), Some(json!({}))),
        ] {
            let refused = stand.clients.send((method, &path), &headers, body).await;
            assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"), "{method} {path}");
        }
    }
}
