//! `/v1/signing-keys`: a rotation while everybody goes on working.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_tests::{Account, Operator, OwnPlatform};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The least that is taken: with it a function that meets the new key must look for it.
const LEAD: Duration = Duration::from_secs(40);
/// How long an instance that signs may go on with what it has read, and somewhat more.
const AFTER: Duration = Duration::from_secs(15);
/// How much longer it may take on a busy machine. What a token was given for lasts longer.
const PATIENCE: Duration = Duration::from_secs(180);
const CALLERS: usize = 8;

fn kid(account: &Account) -> String {
    let header = account.token.split('.').next().expect("a header");
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}

/// Calls another service until then, and until it has seen so many keys, now and then with a new token. Gives the keys of
/// its tokens.
async fn work(mut account: Account, until: Instant, keys: usize) -> BTreeSet<String> {
    let (first, mut seen) = (account.clone(), BTreeSet::from([kid(&account)]));
    let mut calls = 0_u32;
    while Instant::now() < until || (seen.len() < keys && Instant::now() < until + PATIENCE) {
        account.get("/v1/videos").await.expect(200);
        first.get("/v1/uploads").await.expect(200);
        calls += 1;
        if calls.is_multiple_of(20) {
            account = account.signed_in_again().await;
            seen.insert(kid(&account));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_load_fails_no_request() {
    let lead_s = LEAD.as_secs().to_string();
    let own = OwnPlatform::start_with(&[], &[("SPIN_VARIABLE_SIGNING_KEY_LEAD_S", &lead_s)]).await;
    let admin = Operator::of(own.client(), &own.environment()).account("admin").await;
    let mut workers = Vec::new();
    for _ in 0..CALLERS {
        workers.push(own.client().account("creator").await);
    }
    let rotated = admin.post("/v1/signing-keys", &json!({})).await.expect(201);
    let (next, current) = (&rotated["items"][0], &rotated["items"][1]);
    assert_eq!((&next["role"], &current["role"]), (&json!("next"), &json!("current")));
    admin.post("/v1/signing-keys", &json!({})).await.refused(409, "rotation_under_way");
    let until = Instant::now() + LEAD + AFTER;
    let both: BTreeSet<_> = [next, current].map(|key| key["kid"].as_str().expect("a kid").to_owned()).into();
    let seen = join_all(workers.into_iter().map(|account| work(account, until, both.len()))).await;
    assert!(seen.iter().all(|keys| *keys == both), "{seen:?}");
    let after = admin.get("/v1/signing-keys").await.expect(200);
    let roles: Vec<_> = after["items"].as_array().expect("items").iter().map(|key| &key["role"]).collect();
    assert_eq!(roles, ["current", "previous"]);
    own.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_compromised_key_are_refused_once_a_new_one_was_seen() {
    let own = OwnPlatform::start().await;
    let admin = Operator::of(own.client(), &own.environment()).account("admin").await;
    admin.post("/v1/signing-keys", &json!({"compromised": true})).await.expect(201);
    // An instance that signs knows of it when it reads its keys again.
    let (started, mut renewed) = (Instant::now(), admin.signed_in_again().await);
    while kid(&renewed) == kid(&admin) {
        assert!(started.elapsed() < PATIENCE, "the compromised key goes on signing");
        tokio::time::sleep(Duration::from_secs(1)).await;
        renewed = admin.signed_in_again().await;
    }
    // The copies of the key set that are on the way are at most ten seconds old for who looks for a new key.
    let refused = mcsp_tests::eventually("the old token is refused", async || {
        let new = renewed.get("/v1/clients").await.status.as_u16();
        let old = admin.get("/v1/clients").await;
        (new == 200 && old.status.as_u16() == 401).then_some(old)
    });
    refused.await.refused(401, "invalid_token");
    own.stop().await;
}
