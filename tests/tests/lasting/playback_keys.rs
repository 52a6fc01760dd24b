//! `/v1/playback/signing-keys`: a rotation while everybody plays, and while the CDN goes on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_tests::playing::{published, start};
use mcsp_tests::{Account, Operator, OwnPlatform, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The least that is taken.
const LEAD: Duration = Duration::from_secs(40);
/// How long an instance may go on with what it has read, and somewhat more.
const AFTER: Duration = Duration::from_secs(15);
/// How much longer it may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than all of it, so that what was signed before is good until the end, and then not.
const URL_TTL_S: u64 = 150;
const VIEWERS: usize = 8;
const PAUSE: Duration = Duration::from_millis(100);

/// The URL of a session's manifest, and the id of the key that signed it.
fn url(session: &Value) -> (String, String) {
    let url = session["manifests"]["hls"].as_str().expect("a URL").to_owned();
    let (_, signed) = url.split_once("/p/").expect("a token");
    let payload = signed.split('.').next().expect("a payload");
    let payload: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON");
    let kid = payload["kid"].as_str().expect("a kid").to_owned();
    (url, kid)
}

async fn fetch(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("the CDN answers");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

/// What a player fetches: the manifest, one of those that it names, and what that names.
async fn watches(manifest: &str) {
    let mut url = manifest.to_owned();
    for _ in 0..2 {
        let (status, text) = fetch(&url).await;
        assert_eq!(status, 200, "{url}: {text}");
        let named = text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).expect("a name");
        url = format!("{}/{named}", url.rsplit_once('/').expect("a directory").0);
    }
    let segment = reqwest::get(&url).await.expect("the CDN answers");
    assert_eq!(segment.status().as_u16(), 200, "{url}");
}

/// Plays until then, and until so many keys have signed, each time anew, and what was begun first as well. Gives the keys that
/// have signed.
async fn plays(viewer: Account, film: &str, until: Instant, keys: usize) -> BTreeSet<String> {
    let (first, kid) = url(&start(&viewer, film).await.expect(201));
    let mut seen = BTreeSet::from([kid]);
    while Instant::now() < until || (seen.len() < keys && Instant::now() < until + PATIENCE) {
        let session = start(&viewer, film).await.expect(201);
        let (manifest, kid) = url(&session);
        seen.insert(kid);
        watches(&manifest).await;
        watches(&first).await;
        viewer.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
        tokio::time::sleep(PAUSE).await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_load_fails_no_start_and_no_segment() {
    let (lead_s, ttl_s) = (LEAD.as_secs().to_string(), URL_TTL_S.to_string());
    let variables =
        [("SPIN_VARIABLE_SIGNING_KEY_LEAD_S", lead_s.as_str()), ("SPIN_VARIABLE_PLAYBACK_URL_TTL_S", &ttl_s)];
    let own = OwnPlatform::start_with(&[], &variables).await;
    let client = own.client();
    let admin = Operator::of(client.clone(), &own.environment()).account("admin").await;
    let film = published(&client).await;
    let viewers = join_all((0..VIEWERS).map(|_| client.account("viewer"))).await;
    let (before, _) = url(&start(&admin, &film).await.expect(201));

    let rotated = admin.post("/v1/playback/signing-keys", &json!({})).await.expect(201);
    let (next, current) = (&rotated["items"][0], &rotated["items"][1]);
    assert_eq!((&next["role"], &current["role"]), (&json!("next"), &json!("current")));
    admin.post("/v1/playback/signing-keys", &json!({})).await.refused(409, "rotation_under_way");
    let until = Instant::now() + LEAD + AFTER;
    let both: BTreeSet<_> = [next, current].map(|key| key["kid"].as_str().expect("a kid").to_owned()).into();
    let seen = join_all(viewers.into_iter().map(|viewer| plays(viewer, &film, until, both.len()))).await;
    assert!(seen.iter().all(|keys| *keys == both), "{seen:?}");

    watches(&before).await;
    let expired = eventually("what was signed before expires", async || {
        let (status, text) = fetch(&before).await;
        (status != 200).then_some((status, text))
    })
    .await;
    let code: Value = serde_json::from_str(&expired.1).expect("a problem");
    assert_eq!((expired.0, &code["code"]), (403, &json!("url_expired")));
    own.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_compromised_key_has_signed_is_refused_at_the_edge() {
    let own = OwnPlatform::start().await;
    let client = own.client();
    let admin = Operator::of(client.clone(), &own.environment()).account("admin").await;
    let film = published(&client).await;
    let (before, _) = url(&start(&admin, &film).await.expect(201));
    watches(&before).await;
    admin.post("/v1/playback/signing-keys", &json!({"compromised": true})).await.expect(201);
    eventually("the old URL is refused", async || (fetch(&before).await.0 == 403).then_some(())).await;
    eventually("new ones open", async || {
        let session = start(&admin, &film).await.expect(201);
        admin.delete(session["end_path"].as_str().expect("a path")).await.expect(204);
        (fetch(&url(&session).0).await.0 == 200).then_some(())
    })
    .await;
    own.stop().await;
}
