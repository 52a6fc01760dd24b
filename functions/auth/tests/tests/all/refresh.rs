//! Refresh tokens: rotated at each use, told twice for a moment, and worthless once they were used after it.

use crate::common::{self, PASSWORD};
use auth_tests::app::VERIFIER;
use auth_tests::browser::answer;
use auth_tests::{Reply, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_testbed::unique;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::time::Duration;

const PARALLEL: usize = 200;
/// How often a good client tries again: on a slow machine 200 at once take their time.
const TRIES_MAX: usize = 600;
/// The default of `auth_refresh_grace_s`.
const GRACE_S: i64 = 10;
const DAY_S: i64 = 86_400;
/// What a token begins with: a UUID, and a count in 32 bits.
const NAME_BYTES: usize = 20;

/// Signs a new account in, and gives its first refresh token.
async fn signed_in(stand: &Stand) -> Value {
    let (_, session) = common::signed_in(stand).await;
    session["refresh_token"].clone()
}

#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!((reply.status, &reply.json["error"]), (400, &json!("invalid_grant")), "{}", reply.json);
    assert!(reply.json.get("access_token").is_none());
}

/// The successor.
#[track_caller]
fn given(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(reply.headers["cache-control"], "no-store");
    reply.json["refresh_token"].clone()
}

/// Refreshes as a good client does: what is answered with "try again later" is tried again later.
async fn patiently(stand: &Stand, token: &Value) -> Reply {
    for _ in 0..TRIES_MAX {
        let reply = stand.refresh(token).await;
        if reply.status < 500 {
            return reply;
        }
        assert_eq!(reply.json["error"], "temporarily_unavailable");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("no answer");
}

async fn families(stand: &Stand, which: &str) -> i64 {
    stand.bed.ask(&format!("SELECT count(*) FROM refresh_families WHERE {which}")).await
}

#[tokio::test]
async fn a_token_is_exchanged_for_its_successor_and_an_access_token() {
    let stand = Stand::new().await;
    let first = signed_in(&stand).await;
    let reply = stand.refresh(&first).await;
    let second = given(&reply);
    assert_ne!(first, second);
    assert_eq!((&reply.json["token_type"], &reply.json["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(stand.listed_sessions(&reply.json["access_token"]).await, 1);
    stand.bed.pass(DAY_S);
    let third = given(&stand.refresh(&second).await);
    assert_ne!(second, third);
}

#[tokio::test]
async fn many_at_once_get_the_same_successor_and_nobody_is_signed_out() {
    let stand = Stand::new().await;
    // On a slow machine 200 take longer than the grace window.
    stand.bed.stop_clock();
    let mut token = signed_in(&stand).await;
    for round in 0..3 {
        let replies = join_all((0..PARALLEL).map(|_| patiently(&stand, &token))).await;
        let successors: BTreeSet<String> = replies.iter().map(|reply| given(reply).to_string()).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        assert_eq!(families(&stand, "revoked_at IS NULL").await, 1, "round {round}");
        token = given(&replies[0]);
    }
    assert_eq!(families(&stand, "generation = 3").await, 1);
}

#[tokio::test]
async fn a_token_that_comes_back_after_the_grace_window_ends_its_family_under_load_too() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let first = signed_in(&stand).await;
    let second = given(&stand.refresh(&first).await);
    stand.bed.pass(GRACE_S);
    assert_eq!(given(&stand.refresh(&first).await), second, "within the window");
    stand.bed.pass(1);
    for reply in join_all((0..PARALLEL).map(|_| patiently(&stand, &first))).await {
        refused(&reply);
    }
    assert_eq!(families(&stand, "revoked_at IS NULL").await, 0);
    refused(&stand.refresh(&second).await);
    // The session goes on: it may have other clients. Its owner signs this one in again.
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn the_thief_and_the_owner_of_a_token_do_not_go_on_side_by_side() {
    let stand = Stand::new().await;
    let stolen = signed_in(&stand).await;
    let thiefs = given(&stand.refresh(&stolen).await);
    let thiefs_next = given(&stand.refresh(&thiefs).await);
    // Two exchanges have passed: it can be no second tab.
    refused(&stand.refresh(&stolen).await);
    refused(&stand.refresh(&thiefs_next).await);
}

#[tokio::test]
async fn what_was_never_given_out_ends_nothing() {
    let stand = Stand::new().await;
    let first = signed_in(&stand).await;
    let text = first.as_str().unwrap();
    // The name of the family is right, the rest is guessed.
    for at in [text.len() - 1, text.len() - 20, text.len() / 2] {
        let mut guess = text.to_owned().into_bytes();
        guess[at] = if guess[at] == b'A' { b'Q' } else { b'A' };
        refused(&stand.refresh(&String::from_utf8(guess).unwrap().into()).await);
    }
    for guess in ["x", "mcsprt_", "mcsprt_AAAA", &text[..text.len() - 4], &format!("{text}AAAA"), &text[7..]]
    {
        refused(&stand.refresh(&guess.into()).await);
    }
    given(&stand.refresh(&first).await);
}

#[tokio::test]
async fn a_token_is_of_use_to_its_own_client_only() {
    let stand = Stand::new().await;
    let first = signed_in(&stand).await;
    let app = stand.app(json!({})).await;
    refused(&app.refresh(&first).await);
    let again = given(&stand.refresh(&first).await);
    refused(&app.refresh(&first).await);
    given(&stand.refresh(&again).await);
}

#[tokio::test]
async fn a_revoked_session_and_a_suspended_account_get_nothing_at_once() {
    let stand = Stand::new().await;
    let (first, other) = (signed_in(&stand).await, signed_in(&stand).await);
    stand.bed.execute("UPDATE accounts SET state = 'suspended'").await;
    refused(&stand.refresh(&first).await);
    stand.bed.execute("UPDATE accounts SET state = 'active'").await;
    let renewed = stand.refresh(&first).await;
    let bearer = format!("Bearer {}", renewed.json["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let listed = stand.sessions.send(("GET", "/v1/sessions"), &headers, None).await;
    let path = format!("/v1/sessions/{}", listed.json["items"][0]["id"].as_str().unwrap());
    assert_eq!(stand.sessions.send(("DELETE", &path), &headers, None).await.status, 204);
    refused(&stand.refresh(&given(&renewed)).await);
    given(&stand.refresh(&other).await);
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_but_for_no_more_than_90_days() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let mut token = signed_in(&stand).await;
    for _ in 0..3 {
        stand.bed.pass(29 * DAY_S);
        token = given(&stand.refresh(&token).await);
    }
    stand.bed.pass(3 * DAY_S - 1);
    let last = stand.refresh(&token).await;
    token = given(&last);
    stand.bed.pass(1);
    refused(&stand.refresh(&token).await);
    let idle = signed_in(&stand).await;
    stand.bed.pass(30 * DAY_S);
    refused(&stand.refresh(&idle).await);
}

#[tokio::test]
async fn only_digests_are_stored() {
    let stand = Stand::new().await;
    let first = signed_in(&stand).await;
    let second = given(&stand.refresh(&first).await);
    for token in [first, second] {
        let text = &token.as_str().unwrap()["mcsprt_".len()..];
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        assert!(stand.bed.is_stored(&Sha256::digest(&bytes)).await, "one of the two that are known");
        // The family and the count of its tokens come first, and are no secret.
        let (_, secret) = bytes.split_at(NAME_BYTES);
        assert!(!stand.bed.is_stored(secret).await && !stand.bed.is_stored(&text.as_bytes()[40..]).await);
    }
}

#[tokio::test]
async fn the_grace_window_can_be_closed() {
    let stand = Stand::with_refresh_grace_s(0).await;
    let first = signed_in(&stand).await;
    let second = given(&stand.refresh(&first).await);
    stand.bed.pass(1);
    refused(&stand.refresh(&first).await);
    refused(&stand.refresh(&second).await);
}

#[tokio::test]
async fn after_a_change_of_the_secret_everybody_stays_signed_in() {
    let stand = Stand::new().await;
    let first = signed_in(&stand).await;
    let second = given(&stand.refresh(&first).await);
    let stand = stand.with_another_secret().await;
    let third = given(&stand.refresh(&second).await);
    given(&stand.refresh(&third).await);
}

#[tokio::test]
async fn a_scope_can_be_narrowed_for_a_token_and_never_widened() {
    let stand = Stand::new().await;
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    let app = stand.app(json!({"first_party": true})).await;
    let browser = stand.browser();
    let reply = browser.sign_in(&app.request(&[("scope", "openid playback.start")]), &email, PASSWORD).await;
    let code = answer(&reply, "code").unwrap();
    let mut token = app.redeem(&code).await.json["refresh_token"].clone();
    for (asked, given_scope) in [
        ("playback.start", Some("playback.start")),
        ("openid playback.start", Some("openid playback.start")),
        ("openid email", None),
        ("account.manage", None),
        (VERIFIER, None),
    ] {
        let text = token.as_str().unwrap().to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", text.as_str()), ("scope", asked)];
        let reply = app.token(&form).await;
        match given_scope {
            Some(scope) => {
                assert_eq!(reply.json["scope"], scope);
                token = given(&reply);
            }
            None => {
                assert_eq!((reply.status, &reply.json["error"]), (400, &json!("invalid_scope")), "{asked}")
            }
        }
    }
    assert_eq!(app.refresh(&token).await.json["scope"], "openid playback.start");
}
