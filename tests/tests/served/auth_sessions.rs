//! `/v1/sessions`

use mcsp_tests::{Account, Answer, Platform, eventually};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// Attempts that may fail without delay, per account.
const FREE_ATTEMPTS: usize = 20;

async fn sign_in(platform: &Platform, email: &str, password: &str) -> Answer {
    platform.post("/v1/sessions", &json!({"email": email, "password": password})).await
}

/// Signs in again, as another device.
async fn another_device(account: &Account, user_agent: &str) -> (Account, String) {
    let body = json!({"email": account.email, "password": account.password});
    let request =
        account.platform.request(Method::POST, "/v1/sessions").header("user-agent", user_agent).json(&body);
    let session = account.platform.send(request).await.expect(201);
    let token = session["access_token"].as_str().expect("a token").to_owned();
    (Account { token, ..account.clone() }, session["id"].as_str().expect("an id").to_owned())
}

async fn sessions(account: &Account, query: &str) -> (Vec<Value>, Option<String>) {
    let page = account.get(&format!("/v1/sessions{query}")).await.expect(200);
    let items = page["items"].as_array().expect("items").clone();
    (items, page["next_cursor"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn signing_in_gives_a_token_that_works() {
    let account = Platform::running().account("viewer").await;
    let answer = sign_in(&account.platform, &account.email, &account.password).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let location = answer.header("location").to_owned();
    let session = answer.expect(201);
    assert_eq!(location, format!("/v1/sessions/{}", session["id"].as_str().expect("an id")));
    assert_eq!((&session["token_type"], &session["expires_in_s"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(session["user_id"], account.user_id);
    let token = session["access_token"].as_str().expect("a token").to_owned();
    let again = Account { token, ..account };
    assert_eq!(again.get("/v1/accounts/me").await.expect(200)["id"], again.user_id);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let account = Platform::running().account("viewer").await;
    let wrong = sign_in(&account.platform, &account.email, "not the password").await;
    wrong.refused(401, "wrong_credentials");
    assert!(wrong.header("www-authenticate").starts_with("Bearer "));
    let nobody = format!("nobody-{}@example.com", Uuid::new_v4().simple());
    let unknown = sign_in(&account.platform, &nobody, &account.password).await;
    unknown.refused(401, "wrong_credentials");
    assert_eq!(unknown.json, wrong.json);
    let names = |answer: &Answer| answer.headers.keys().cloned().collect::<std::collections::HashSet<_>>();
    assert_eq!(names(&unknown), names(&wrong));
}

#[tokio::test]
async fn a_password_is_the_same_composed_and_decomposed() {
    let platform = Platform::running();
    let email = format!("ada-{}@example.com", Uuid::new_v4().simple());
    let body = json!({"email": email, "password": "Zu\u{308}rich am See"});
    platform.post("/v1/accounts", &body).await.expect(201);
    sign_in(&platform, &email, "Z\u{fc}rich am See").await.expect(201);
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_it_is_tried() {
    let platform = Platform::running();
    sign_in(&platform, "ada", "x").await.refused(422, "validation_failed");
    sign_in(&platform, "ada@example.com", &"x".repeat(129)).await.refused(422, "validation_failed");
    let with_role = json!({"email": "ada@example.com", "password": "x", "role": "viewer"});
    platform.post("/v1/sessions", &with_role).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn the_list_shows_each_device_and_which_one_asks() {
    let account = Platform::running().account("viewer").await;
    let (phone, phone_session) = another_device(&account, "phone/1").await;
    let (items, next) = sessions(&phone, "").await;
    assert_eq!((items.len(), next), (2, None));
    assert_eq!(items[0]["id"], phone_session, "the newest first");
    assert_eq!((&items[0]["user_agent"], &items[0]["current"]), (&json!("phone/1"), &json!(true)));
    assert_eq!(items[1]["current"], json!(false));
    let address: IpAddr = items[0]["address"].as_str().expect("an address").parse().expect("an address");
    assert!(address.is_loopback(), "{address}");
    for time in ["created_at", "last_seen_at", "expires_at"] {
        assert!(items[0][time].as_str().expect("a time").ends_with('Z'), "{time}");
    }
}

#[tokio::test]
async fn walking_through_the_pages_sees_each_session_once() {
    let account = Platform::running().account("viewer").await;
    for device in 0..4 {
        another_device(&account, &format!("device/{device}")).await;
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let (items, next) = sessions(&account, &query).await;
        seen.extend(items.into_iter().map(|item| item["id"].to_string()));
        let Some(cursor) = next else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|newer, older| newer > older), "in order, and none twice");
    for query in ["?limit=0", "?limit=101", "?cursor=x", "?page=2"] {
        account.get(&format!("/v1/sessions{query}")).await.refused(400, "invalid_query");
    }
}

#[tokio::test]
async fn a_session_ends_once() {
    let account = Platform::running().account("viewer").await;
    let (_, phone_session) = another_device(&account, "phone/1").await;
    let path = format!("/v1/sessions/{phone_session}");
    account.delete(&path).await.expect(204);
    account.delete(&path).await.refused(404, "not_found");
    let (items, _) = sessions(&account, "").await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["current"], json!(true));
}

#[tokio::test]
async fn nobody_ends_or_sees_the_session_of_another() {
    let platform = Platform::running();
    let (victim, attacker) = (platform.account("viewer").await, platform.account("creator").await);
    let (items, _) = sessions(&victim, "").await;
    let path = format!("/v1/sessions/{}", items[0]["id"].as_str().expect("an id"));
    attacker.delete(&path).await.refused(404, "not_found");
    platform.send(platform.request(Method::DELETE, &path)).await.refused(401, "missing_token");
    attacker.delete(&format!("/v1/sessions/{}", attacker.user_id)).await.refused(400, "invalid_id");
    assert_eq!(sessions(&victim, "").await.0.len(), 1);
    assert_eq!(sessions(&attacker, "").await.0.len(), 1);
}

/// From an address that no other test has: what is wrong here must not count against them.
fn from_another_address() -> Client {
    let [a, b, ..] = Uuid::new_v4().into_bytes();
    let address = Ipv4Addr::new(127, 1, a, b.max(1));
    Client::builder().local_address(IpAddr::V4(address)).build().expect("a client")
}

async fn guess(client: &Client, platform: &Platform, email: &str, password: &str) -> reqwest::Response {
    let request = client.post(format!("{}/v1/sessions", platform.url()));
    request.json(&json!({"email": email, "password": password})).send().await.expect("an answer")
}

fn header(answer: &reqwest::Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn after_many_wrong_guesses_the_account_has_to_wait() {
    let account = Platform::running().account("viewer").await;
    let client = from_another_address();
    for attempt in 1..=FREE_ATTEMPTS {
        let answer = guess(&client, &account.platform, &account.email, "a wrong password").await;
        assert_eq!(answer.status(), 401, "attempt {attempt}");
        assert!(
            header(&answer, "ratelimit").starts_with("\"address\";r="),
            "{}",
            header(&answer, "ratelimit")
        );
    }
    // From anywhere, and for the right password too: the answer must not tell which it is. The first waits are
    // so short that a slow machine may miss them; each is twice as long as the one before.
    let refused = eventually("the account has to wait", async || {
        let wrong = guess(&client, &account.platform, &account.email, "a wrong password").await;
        if wrong.status() == 401 || header(&wrong, "retry-after") == "1" {
            return None;
        }
        let right = sign_in(&account.platform, &account.email, &account.password).await;
        (right.status != 201).then_some(right)
    })
    .await;
    refused.refused(429, "too_many_attempts");
    assert!(refused.header("retry-after").parse::<u32>().expect("seconds") >= 1);
    assert!(refused.header("ratelimit").starts_with("\"account\";r=0;t="), "{}", refused.header("ratelimit"));
    assert!(refused.header("ratelimit-policy").starts_with("\"account\";q=20;w="));
    // The token that the owner has is as good as before.
    account.get("/v1/accounts/me").await.expect(200);
}

#[tokio::test]
async fn right_passwords_do_not_count() {
    let account = Platform::running().account("viewer").await;
    for _ in 0..=FREE_ATTEMPTS {
        sign_in(&account.platform, &account.email, &account.password).await.expect(201);
    }
}
