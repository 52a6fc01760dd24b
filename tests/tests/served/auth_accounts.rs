//! `/v1/accounts`

use mcsp_tests::{Answer, Platform};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

fn unused_email() -> String {
    format!("ada-{}@example.com", Uuid::new_v4().simple())
}

fn fields(json: &Value) -> BTreeSet<&str> {
    json.as_object().expect("an object").keys().map(String::as_str).collect()
}

async fn register_with_key(platform: &Platform, body: &Value, key: &str) -> Answer {
    let request = platform.request(Method::POST, "/v1/accounts").header("idempotency-key", key).json(body);
    platform.send(request).await
}

#[tokio::test]
async fn a_new_account_is_a_viewer_unless_it_asks_to_create() {
    let platform = Platform::running();
    let register = async |extra: Value| {
        let mut body = json!({"email": unused_email(), "password": "correct horse battery"});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        platform.post("/v1/accounts", &body).await
    };
    let registered = register(json!({})).await;
    assert_eq!(registered.header("location"), "/v1/accounts/me");
    let account = registered.expect(201);
    assert_eq!((&account["roles"], &account["state"]), (&json!(["viewer"]), &json!("active")));
    assert!(account["id"].as_str().expect("an id").starts_with("user_"));
    assert!(account["created_at"].as_str().expect("a time").ends_with('Z'));
    assert_eq!(register(json!({"role": "creator"})).await.expect(201)["roles"], json!(["creator"]));
    register(json!({"role": "admin"})).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn an_account_shows_itself_to_its_owner_only() {
    let account = Platform::running().account("creator").await;
    let shown = account.get("/v1/accounts/me").await;
    assert_eq!((shown.header("etag"), shown.header("cache-control")), ("\"1\"", "no-store"));
    let me = shown.expect(200);
    assert_eq!(me["id"], account.user_id);
    assert_eq!(me["email"], account.email);
    assert_eq!((&me["roles"], &me["email_verified"]), (&json!(["creator"]), &json!(false)));
    account.platform.get("/v1/accounts/me").await.refused(401, "missing_token");
}

#[tokio::test]
async fn the_answer_does_not_tell_that_an_address_is_registered() {
    let platform = Platform::running();
    let owner = platform.account("viewer").await;
    let theirs = json!({"email": owner.email, "password": "what a stranger tries", "role": "creator"});
    let again = platform.post("/v1/accounts", &theirs).await;
    let first = platform
        .post(
            "/v1/accounts",
            &json!({"email": unused_email(), "password": "correct horse", "role": "creator"}),
        )
        .await;
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(&again), names(&first));
    let (again, first) = (again.expect(201), first.expect(201));
    assert_eq!(fields(&again), fields(&first));
    assert_eq!((&again["roles"], &again["state"]), (&first["roles"], &first["state"]));
    assert_ne!(again["id"], owner.user_id, "the owner's id is not told");

    // The owner's account is as it was.
    let sign_in = async |password: &str| {
        platform.post("/v1/sessions", &json!({"email": owner.email, "password": password})).await
    };
    sign_in("what a stranger tries").await.refused(401, "wrong_credentials");
    assert_eq!(sign_in(&owner.password).await.expect(201)["user_id"], owner.user_id);
    assert_eq!(owner.get("/v1/accounts/me").await.expect(200)["roles"], json!(["viewer"]));
}

#[tokio::test]
async fn an_address_is_the_same_in_capitals() {
    let platform = Platform::running();
    let owner = platform.account("viewer").await;
    let shouted = owner.email.to_uppercase();
    platform
        .post("/v1/accounts", &json!({"email": shouted, "password": "what a stranger tries"}))
        .await
        .expect(201);
    let signed_in =
        platform.post("/v1/sessions", &json!({"email": shouted, "password": owner.password})).await;
    assert_eq!(signed_in.expect(201)["user_id"], owner.user_id);
}

#[tokio::test]
async fn registering_one_address_many_times_at_once_makes_one_account() {
    const AT_ONCE: usize = 8;
    let platform = Platform::running();
    let email = unused_email();
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|n| {
            let (platform, body) =
                (platform.clone(), json!({"email": email, "password": format!("correct horse {n}")}));
            tokio::spawn(async move { platform.post("/v1/accounts", &body).await.expect(201) })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.expect("an answer")["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(ids.len(), AT_ONCE, "each answer has an id of its own");
    let mut owners = 0;
    for n in 0..AT_ONCE {
        let body = json!({"email": email, "password": format!("correct horse {n}")});
        let answer = platform.post("/v1/sessions", &body).await;
        if answer.status == 201 {
            owners += 1;
            assert!(ids.contains(answer.json["user_id"].as_str().expect("an id")));
        } else {
            answer.refused(401, "wrong_credentials");
        }
    }
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_answer_again() {
    let platform = Platform::running();
    let (key, body) =
        (Uuid::new_v4().to_string(), json!({"email": unused_email(), "password": "correct horse"}));
    let first = register_with_key(&platform, &body, &key).await.expect(201);
    assert_eq!(register_with_key(&platform, &body, &key).await.expect(201), first);
    let other = json!({"email": unused_email(), "password": "correct horse"});
    register_with_key(&platform, &other, &key).await.refused(422, "idempotency_key_reused");
    register_with_key(&platform, &other, "two words").await.refused(400, "invalid_idempotency_key");
}

#[tokio::test]
async fn a_repetition_under_a_key_does_not_tell_that_an_address_is_registered() {
    let platform = Platform::running();
    let owner = platform.account("viewer").await;
    let (key, body) =
        (Uuid::new_v4().to_string(), json!({"email": owner.email, "password": "correct horse"}));
    let first = register_with_key(&platform, &body, &key).await.expect(201);
    assert_ne!(first["id"], owner.user_id);
    assert_eq!(register_with_key(&platform, &body, &key).await.expect(201), first);
}

#[tokio::test]
async fn each_bad_field_is_named_and_never_repeated() {
    let platform = Platform::running();
    let long = "x".repeat(129);
    for (email, password, expected) in [
        ("ada", "correct horse", vec![("/email", "invalid_email")]),
        ("ada@localhost", "correct horse", vec![("/email", "invalid_email")]),
        ("ädä@example.com", "correct horse", vec![("/email", "invalid_email")]),
        (&format!("{}@example.com", "x".repeat(250)), "correct horse", vec![("/email", "too_long")]),
        ("ada@example.com", "elevenchars", vec![("/password", "too_short")]),
        ("ada@example.com", &long, vec![("/password", "too_long")]),
        ("ada@example.com", "PassWord1234", vec![("/password", "too_common")]),
        ("ada", "", vec![("/email", "invalid_email"), ("/password", "too_short")]),
    ] {
        let answer = platform.post("/v1/accounts", &json!({"email": email, "password": password})).await;
        answer.refused(422, "validation_failed");
        let errors = answer.json["errors"].as_array().expect("errors");
        let named: Vec<_> = errors
            .iter()
            .map(|e| (e["pointer"].as_str().unwrap_or(""), e["code"].as_str().unwrap_or("")))
            .collect();
        assert_eq!(named, expected, "{email}");
        let text = answer.json.to_string();
        assert!(password.is_empty() || !text.contains(password), "the password is repeated");
        assert!(!text.contains(email), "the address is repeated");
    }
}
