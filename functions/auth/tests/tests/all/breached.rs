//! Passwords that were stolen elsewhere: refused where they are chosen, by a server of ranges that learns five digits.

use auth_tests::{Reply, Stand};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use mcsp_testbed::{serve, unique};
use serde_json::json;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const PASSWORD: &str = "correct horse";
const STOLEN: &str = "tr0ub4dor&3 and more";
/// In the answer, with the count that padding has.
const PADDED: &str = "battery staple 27";
const NEW: &str = "something else entirely";
/// Nobody's password here.
const OTHER: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";

/// A server of ranges, as any server of files is one.
#[derive(Clone, Default)]
struct Ranges(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    files: HashMap<String, String>,
    /// What is answered in place of a file.
    instead: Option<(StatusCode, &'static str)>,
    asked: Vec<(String, HeaderMap)>,
}

/// The file that a password is in, counted so often.
fn file(password: &str, count: u32) -> (String, String) {
    let (prefix, suffix) = digits(password);
    (format!("/range/{prefix}"), format!("{OTHER}:3\r\n{suffix}:{count}\r\n"))
}

/// The five that may leave, and the others.
fn digits(password: &str) -> (String, String) {
    let all: String = Sha1::digest(password).iter().map(|byte| format!("{byte:02X}")).collect();
    (all[..5].to_owned(), all[5..].to_owned())
}

impl Ranges {
    fn new() -> Self {
        let ranges = Ranges::default();
        ranges.0.lock().unwrap().files.extend([file(STOLEN, 7), file(PADDED, 0)]);
        ranges
    }

    async fn served(&self) -> String {
        serve(Router::new().fallback(answer).with_state(self.clone())).await
    }

    fn instead(&self, status: u16, body: &'static str) {
        self.0.lock().unwrap().instead = Some((StatusCode::from_u16(status).unwrap(), body));
    }

    fn asked(&self) -> Vec<(String, HeaderMap)> {
        self.0.lock().unwrap().asked.clone()
    }
}

async fn answer(State(ranges): State<Ranges>, request: Request) -> Response {
    let mut inner = ranges.0.lock().unwrap();
    let path = request.uri().to_string();
    inner.asked.push((path.clone(), request.headers().clone()));
    match (inner.instead, inner.files.get(&path)) {
        (Some(instead), _) => instead.into_response(),
        (None, Some(file)) => file.clone().into_response(),
        // A whole set has all files.
        (None, None) => format!("{OTHER}:3\r\n").into_response(),
    }
}

fn email() -> String {
    format!("ada-{}@example.com", unique())
}

fn is_refused_at(reply: &Reply, pointer: &str) {
    assert_eq!((reply.status, reply.code()), (422, "validation_failed"), "{}", reply.json);
    let error = &reply.json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!("breached")));
}

#[tokio::test]
async fn a_stolen_password_is_refused_at_registration_change_and_recovery() {
    let stand = Stand::with_password_ranges(Ranges::new().served().await).await;
    let email = email();
    is_refused_at(&stand.register(&email, STOLEN).await, "/password");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, 0);
    assert_eq!(stand.register(&email, PASSWORD).await.status, 201);

    let token = stand.sign_in(&email, PASSWORD).await.json["access_token"].clone();
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        stand.send("PUT", "/v1/accounts/me/password", Some(&token), body).await
    };
    is_refused_at(&change(PASSWORD, STOLEN).await, "/new_password");
    assert_eq!(change("not the password", STOLEN).await.code(), "wrong_password", "only its owner is told");
    assert_eq!(change(PASSWORD, PADDED).await.status, 204, "padding is nobody's password");

    stand.send("POST", "/v1/accounts/recovery", None, json!({ "email": email })).await;
    let mailed = stand.newest_mail(&email).await.token();
    let recover = async |token: &str, password: &str| {
        let body = json!({"token": token, "password": password});
        stand.send("POST", "/v1/accounts/recovery/confirmation", None, body).await
    };
    is_refused_at(&recover(&mailed, STOLEN).await, "/password");
    assert_eq!(recover("t", STOLEN).await.code(), "unusable_mail_token", "only its owner is told");
    assert_eq!(recover(&mailed, NEW).await.status, 204, "the refusal used nothing up");
    assert_eq!(stand.sign_in(&email, NEW).await.status, 201);
}

#[tokio::test]
async fn five_digits_leave_and_ask_for_padding() {
    let ranges = Ranges::new();
    let stand = Stand::with_password_ranges(ranges.served().await).await;
    let email = email();
    stand.register(&email, STOLEN).await;
    let [(path, headers)] = ranges.asked().try_into().unwrap();
    let (prefix, suffix) = digits(STOLEN);
    assert_eq!(path, format!("/range/{prefix}"));
    assert_eq!(headers["add-padding"], "true");
    let all = format!("{path} {headers:?}").to_uppercase();
    for secret in [&suffix, STOLEN, &email] {
        assert!(!all.contains(&secret.to_uppercase()), "{all}");
    }
    // What is refused anyway is not asked for.
    assert_eq!(stand.register(&email, "password1234").await.status, 422);
    assert_eq!(stand.register("no address", NEW).await.status, 422);
    assert_eq!(ranges.asked().len(), 1);
}

#[tokio::test]
async fn while_nothing_can_be_told_passwords_are_taken_but_the_commonest() {
    for (status, body) in [(500, ""), (404, ""), (200, ""), (200, "<html>"), (302, "")] {
        let ranges = Ranges::new();
        ranges.instead(status, body);
        let stand = Stand::with_password_ranges(ranges.served().await).await;
        assert_eq!(stand.register(&email(), STOLEN).await.status, 201, "{status} {body}");
        assert!(!ranges.asked().is_empty());
        let common = stand.register(&email(), "password1234").await;
        assert_eq!(common.json["errors"][0]["code"], "too_common", "{}", common.json);
    }
    let nowhere = Stand::with_password_ranges("http://127.0.0.1:1".to_owned()).await;
    assert_eq!(nowhere.register(&email(), STOLEN).await.status, 201);
}

#[tokio::test]
async fn without_an_address_nothing_is_looked_up() {
    let stand = Stand::new().await;
    assert_eq!(stand.register(&email(), STOLEN).await.status, 201);
}
