//! Proving an address and setting a new password, by mail.

use auth_tests::Stand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_testbed::unique;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const NEW_PASSWORD: &str = "battery staple";
const VERIFY: &str = "/v1/accounts/verification/confirmation";
const RECOVER: &str = "/v1/accounts/recovery/confirmation";
const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 60 * MINUTE_S;
/// What a token begins with.
const MAIL_ID_BYTES: usize = 16;

/// Limits stand in the Redis that all tests share, so each account has an address of its own.
fn unused_email() -> String {
    format!("ada-{}@example.com", unique())
}

async fn registered(stand: &Stand) -> (String, Value) {
    let email = unused_email();
    let reply = stand.register(&email, PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    (email, reply.json["id"].clone())
}

async fn post(stand: &Stand, path: &str, body: Value) -> (u16, String) {
    let reply = stand.send("POST", path, None, body).await;
    (reply.status, reply.code().to_owned())
}

async fn confirm(stand: &Stand, token: &str) -> (u16, String) {
    post(stand, VERIFY, json!({ "token": token })).await
}

async fn recover(stand: &Stand, token: &str, password: &str) -> (u16, String) {
    post(stand, RECOVER, json!({ "token": token, "password": password })).await
}

async fn recovery_token(stand: &Stand, email: &str) -> String {
    let asked = post(stand, "/v1/accounts/recovery", json!({ "email": email })).await;
    assert_eq!(asked, (202, String::new()));
    stand.newest_mail(email).await.token()
}

fn unusable() -> (u16, String) {
    (400, "unusable_mail_token".to_owned())
}

fn done() -> (u16, String) {
    (204, String::new())
}

#[tokio::test]
async fn an_address_is_verified_once_by_the_mail_that_registering_sends() {
    let stand = Stand::new().await;
    let (email, id) = registered(&stand).await;
    let mail = stand.newest_mail(&email).await;
    assert_eq!(mail.category, "verification");
    assert_eq!(confirm(&stand, &mail.token()).await, done());
    assert_eq!(confirm(&stand, &mail.token()).await, unusable());
    let events = stand.bed.emitted(id.as_str().unwrap()).await;
    let verified = &events[1];
    assert_eq!((events.len(), verified.kind.as_str()), (2, "mcsp.auth.account.verified.v1"));
    assert_eq!((&verified.data["email_verified"], &verified.data["version"]), (&json!(true), &json!(2)));
    // Whoever asks again learns nothing, and gets nothing.
    assert_eq!(post(&stand, "/v1/accounts/verification", json!({ "email": email })).await.0, 202);
    stand.deliver_mails().await;
    assert_eq!(stand.mailbox.to(&email).len(), 1);
}

#[tokio::test]
async fn a_verification_ends_after_a_day_and_can_be_asked_for_again() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let (email, _) = registered(&stand).await;
    let first = stand.newest_mail(&email).await.token();
    stand.bed.pass(24 * HOUR_S);
    assert_eq!(confirm(&stand, &first).await, unusable());
    assert_eq!(post(&stand, "/v1/accounts/verification", json!({ "email": email })).await.0, 202);
    let second = stand.newest_mail(&email).await.token();
    assert_ne!(first, second);
    stand.bed.pass(24 * HOUR_S - 1);
    assert_eq!(confirm(&stand, &second).await, done());
}

#[tokio::test]
async fn a_token_of_one_purpose_is_none_of_another() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let verification = stand.newest_mail(&email).await.token();
    assert_eq!(recover(&stand, &verification, NEW_PASSWORD).await, unusable());
    let recovery = recovery_token(&stand, &email).await;
    assert_eq!(confirm(&stand, &recovery).await, unusable());
    for token in ["", "t", &verification[1..], &format!("{verification}A")] {
        assert_eq!(confirm(&stand, token).await, unusable(), "{token}");
    }
}

#[tokio::test]
async fn a_recovery_sets_the_password_ends_all_sessions_and_all_other_recoveries() {
    let stand = Stand::new().await;
    let (email, id) = registered(&stand).await;
    for _ in 0..2 {
        assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    }
    let (first, second) = (recovery_token(&stand, &email).await, recovery_token(&stand, &email).await);
    assert_eq!(recover(&stand, &first, "short").await.0, 422, "which uses nothing up");
    assert_eq!(recover(&stand, &first, NEW_PASSWORD).await, done());
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(recover(&stand, &first, PASSWORD).await, unusable());
    assert_eq!(recover(&stand, &second, PASSWORD).await, unusable(), "asked for before the password changed");
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 401);
    assert_eq!(stand.sign_in(&email, NEW_PASSWORD).await.status, 201);
    let told = stand.bed.emitted(id.as_str().unwrap()).await.pop().unwrap();
    assert_eq!(told.kind, "mcsp.auth.account.recovered.v1");
    assert_eq!((&told.data["email_verified"], &told.data["version"]), (&json!(true), &json!(2)));
    assert_eq!(stand.newest_mail(&email).await.category, "password_changed");
}

#[tokio::test]
async fn a_recovery_ends_after_half_an_hour() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let token = recovery_token(&stand, &email).await;
    stand.bed.pass(30 * MINUTE_S);
    assert_eq!(recover(&stand, &token, NEW_PASSWORD).await, unusable());
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn of_many_that_use_a_token_at_once_one_does() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let token = recovery_token(&stand, &email).await;
    let passwords: Vec<_> = (0..6).map(|n| format!("battery staple {n}")).collect();
    let replies = join_all(passwords.iter().map(|password| recover(&stand, &token, password))).await;
    let winners: Vec<_> = replies.iter().zip(&passwords).filter(|(reply, _)| **reply == done()).collect();
    assert_eq!(winners.len(), 1, "{replies:?}");
    assert!(replies.iter().all(|reply| *reply == done() || *reply == unusable()), "{replies:?}");
    assert_eq!(stand.sign_in(&email, winners[0].1).await.status, 201);
}

#[tokio::test]
async fn an_unknown_address_is_answered_the_same_after_the_same_work() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let nobody = unused_email();
    for path in ["/v1/accounts/recovery", "/v1/accounts/verification"] {
        let before: i64 = stand.bed.ask("SELECT count(*) FROM outbox").await;
        stand.bed.take_calls();
        let known = stand.send("POST", path, None, json!({ "email": email })).await;
        let known_calls = stand.bed.take_calls();
        let unknown = stand.send("POST", path, None, json!({ "email": nobody })).await;
        assert_eq!(stand.bed.take_calls(), known_calls, "{path}");
        assert_eq!((known.status, unknown.status, &known.json), (202, 202, &unknown.json), "{path}");
        let names = |reply: &auth_tests::Reply| reply.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&known), names(&unknown), "{path}");
        assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM outbox").await, before + 2, "an event each");
    }
    assert!(stand.deliver_mails().await.iter().all(|status| *status == 204));
    assert!(stand.mailbox.to(&nobody).is_empty());
    let forgotten = "SELECT count(*) FROM mails WHERE account_id IS NULL";
    assert_eq!(stand.bed.ask::<i64>(forgotten).await, 0);
}

#[tokio::test]
async fn mails_to_one_address_are_limited_whether_it_has_an_account_or_not() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    for email in [email, unused_email()] {
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(post(&stand, "/v1/accounts/recovery", json!({ "email": email })).await);
        }
        assert!(statuses[..5].iter().all(|reply| reply.0 == 202), "{statuses:?}");
        assert!(statuses.contains(&(429, "too_many_mails".to_owned())), "{statuses:?}");
    }
}

#[tokio::test]
async fn whoever_owns_an_address_hears_that_it_is_registered_again_once_an_hour() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let heard = async || {
        stand.deliver_mails().await;
        stand.mailbox.to(&email).iter().filter(|mail| mail.category == "already_registered").count()
    };
    for _ in 0..3 {
        assert_eq!(stand.register(&email, "what a stranger tries").await.status, 201);
    }
    assert_eq!(heard().await, 1);
    stand.bed.pass(HOUR_S);
    assert_eq!(stand.register(&email, "what a stranger tries").await.status, 201);
    assert_eq!(heard().await, 2);
}

#[tokio::test]
async fn a_mail_is_sent_once_however_often_its_event_comes_and_the_service_fails() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    stand.mailbox.refuse_with(Some(500));
    assert_eq!(stand.deliver_mails().await, [503]);
    stand.mailbox.refuse_with(Some(400));
    assert_eq!(stand.deliver_mails().await, [422]);
    stand.mailbox.refuse_with(None);
    for _ in 0..3 {
        assert_eq!(stand.deliver_mails().await, [204]);
    }
    assert_eq!((stand.mailbox.count(), stand.mailbox.to(&email).len()), (1, 1));
    stand.bed.set_down("mail", true);
    registered(&stand).await;
    assert_eq!(stand.deliver_mails().await[1], 503);
}

#[tokio::test]
async fn no_event_and_no_row_of_a_mail_holds_an_address_or_a_token() {
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let token = recovery_token(&stand, &email).await;
    let tables = ["outbox", "mails", "inbox", "idempotency_keys", "sessions", "passwords"];
    assert!(!stand.bed.is_stored(token.as_bytes()).await, "in no table");
    // The mail's id comes first, and is no secret.
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    assert!(!stand.bed.is_stored(&bytes[MAIL_ID_BYTES..]).await);
    for table in tables {
        let dump = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let dump: String = stand.bed.ask(&dump).await;
        assert!(!dump.contains("ada-"), "{table}: {dump}");
    }
    let events = "SELECT string_agg(convert_from(data, 'UTF8') || key, ' ') FROM outbox";
    let events: String = stand.bed.ask(events).await;
    assert!(!events.contains("ada-") && !events.contains(&token), "{events}");
}

#[tokio::test]
async fn changing_the_password_needs_the_current_one_and_ends_all_other_sessions() {
    let stand = Stand::new().await;
    let (email, id) = registered(&stand).await;
    let recovery = recovery_token(&stand, &email).await;
    stand.sign_in(&email, PASSWORD).await;
    let token = stand.sign_in(&email, PASSWORD).await.json["access_token"].clone();
    let change = async |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        let reply = stand.send("PUT", "/v1/accounts/me/password", Some(&token), body).await;
        (reply.status, reply.code().to_owned())
    };
    assert_eq!(change("not the password", NEW_PASSWORD).await, (403, "wrong_password".to_owned()));
    assert_eq!(change(PASSWORD, "short").await.0, 422);
    assert_eq!(stand.listed_sessions(&token).await, 2);
    assert_eq!(change(PASSWORD, NEW_PASSWORD).await, done());
    assert_eq!(stand.listed_sessions(&token).await, 1);
    assert_eq!(recover(&stand, &recovery, PASSWORD).await, unusable());
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 401);
    assert_eq!(stand.sign_in(&email, NEW_PASSWORD).await.status, 201);
    let told = stand.bed.emitted(id.as_str().unwrap()).await.pop().unwrap();
    assert_eq!(told.kind, "mcsp.auth.account.password_changed.v1");
    assert_eq!(stand.newest_mail(&email).await.category, "password_changed");
}

#[tokio::test]
async fn the_current_password_is_not_to_be_guessed() {
    const FREE_ATTEMPTS: usize = 10;
    let stand = Stand::new().await;
    let (email, _) = registered(&stand).await;
    let token = stand.sign_in(&email, PASSWORD).await.json["access_token"].clone();
    let body = json!({ "current_password": "not the password", "new_password": NEW_PASSWORD });
    let guess = || stand.send("PUT", "/v1/accounts/me/password", Some(&token), body.clone());
    let guesses = join_all((0..2 * FREE_ATTEMPTS).map(|_| guess())).await;
    let tried = guesses.iter().filter(|reply| reply.code() == "wrong_password").count();
    let refused = guesses.iter().filter(|reply| reply.code() == "too_many_attempts").count();
    assert_eq!(tried + refused, guesses.len());
    // The first wait is a second: on a slow machine a few may come after it.
    assert!((FREE_ATTEMPTS..FREE_ATTEMPTS + 5).contains(&tried), "{tried}");
}
