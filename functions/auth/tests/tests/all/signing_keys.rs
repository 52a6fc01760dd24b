//! `/v1/signing-keys`: keys come, sign, and leave by themselves, on a clock that moves.

use auth_tests::Stand;
use futures::future::join_all;
use mcsp_testbed::{Component, Reply, Setup, Testbed};
use serde_json::{Value, json};

const LEAD_S: i64 = 1200;
const TOKEN_S: i64 = 600;
const LEEWAY_S: i64 = 60;
/// How long an instance keeps what it has read.
const KEPT_S: i64 = 10;

/// The ids of the published keys, as an instance tells them.
async fn published(instance: &Component) -> Vec<String> {
    let reply = instance.send(("GET", "/.well-known/jwks.json"), &[], None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    let keys = reply.json["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()), "a private half is published");
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn oauth(stand: &Stand) -> Component {
    stand.bed.component("auth-oauth", auth_oauth::router)
}

async fn rotate(stand: &Stand, compromised: bool) -> Reply {
    stand.administer(("POST", "/v1/signing-keys"), &[], Some(json!({"compromised": compromised}))).await
}

/// The role of each key, the newest first.
async fn roles(stand: &Stand) -> Vec<String> {
    let reply = stand.administer(("GET", "/v1/signing-keys"), &[], None).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["role"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_key_from_before_becomes_the_first_one() {
    let stand = Stand::new().await;
    assert_eq!(published(&oauth(&stand)).await, ["k1"]);
    let row: String = stand.bed.ask("SELECT row_to_json(k)::text FROM signing_keys k").await;
    let seed = "07".repeat(32);
    assert!(!row.contains(&seed), "the private half is sealed");
}

#[tokio::test]
async fn of_many_instances_that_need_the_first_key_one_makes_it() {
    let variables = vec![("auth_signing_keys", "[]".to_owned())];
    let bed = Testbed::new("auth", Setup { variables, ..Setup::default() }).await;
    let instances: Vec<_> = (0..8).map(|_| bed.component("auth-oauth", auth_oauth::router)).collect();
    let seen = join_all(instances.iter().map(published)).await;
    assert_eq!(seen[0].len(), 1);
    assert!(seen.iter().all(|keys| *keys == seen[0]), "{seen:?}");
    assert_eq!(bed.ask::<i64>("SELECT count(*) FROM signing_keys").await, 1);
}

#[tokio::test]
async fn a_rotation_runs_to_its_end_by_time_alone() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let instance = oauth(&stand);
    assert_eq!(published(&instance).await, ["k1"]);
    let rotated = rotate(&stand, false).await;
    assert_eq!(rotated.status, 201, "{}", rotated.json);
    let next = rotated.json["items"][0]["kid"].as_str().unwrap().to_owned();
    assert_eq!(roles(&stand).await, ["next", "current"]);
    // The instance that knew one key learns of the other long before it signs.
    stand.bed.pass(KEPT_S);
    assert_eq!(published(&instance).await, ["k1", &next]);
    stand.bed.pass(LEAD_S - KEPT_S - 1);
    assert_eq!(roles(&stand).await, ["next", "current"]);
    stand.bed.pass(1);
    assert_eq!(roles(&stand).await, ["current", "previous"]);
    stand.bed.pass(TOKEN_S + LEEWAY_S - 1);
    assert_eq!(published(&instance).await, ["k1", &next]);
    stand.bed.pass(1);
    assert_eq!(published(&instance).await, [next.as_str()]);
    assert_eq!(roles(&stand).await, ["current", "gone"]);
    // What is gone is removed when the next one comes.
    rotate(&stand, false).await;
    assert_eq!(roles(&stand).await, ["next", "current"]);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM signing_keys").await, 2);
}

#[tokio::test]
async fn of_many_rotations_at_once_one_is_made() {
    let stand = Stand::new().await;
    let rotations = join_all((0..8).map(|_| rotate(&stand, false))).await;
    let (made, refused): (Vec<_>, Vec<_>) = rotations.iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (409, "rotation_under_way"), "{}", reply.json);
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM signing_keys").await, 2);
}

#[tokio::test]
async fn a_compromised_key_is_out_at_once_with_the_one_that_waits() {
    let stand = Stand::new().await;
    rotate(&stand, false).await;
    let made = rotate(&stand, true).await;
    assert_eq!(made.status, 201, "{}", made.json);
    assert_eq!(roles(&stand).await, ["current", "gone", "gone"]);
    let newest = made.json["items"][0]["kid"].as_str().unwrap();
    assert_eq!(published(&oauth(&stand)).await, [newest]);
    assert_eq!(rotate(&stand, false).await.status, 201, "the next rotation need not wait");
}

#[tokio::test]
async fn a_repetition_rotates_nothing() {
    let stand = Stand::new().await;
    let bearer = stand.bed.bearer(mcsp_testbed::new_id(), mcsp_access::Role::Admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let rotate = async || stand.clients.send(("POST", "/v1/signing-keys"), &headers, Some(json!({}))).await;
    let (first, again) = (rotate().await, rotate().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json, again.json);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM signing_keys").await, 2);
}

#[tokio::test]
async fn while_postgres_is_away_an_instance_publishes_what_it_knows() {
    let stand = Stand::new().await;
    let instance = oauth(&stand);
    assert_eq!(published(&instance).await, ["k1"]);
    stand.bed.redefine("ALTER TABLE signing_keys RENAME TO away").await;
    stand.bed.pass(KEPT_S);
    assert_eq!(published(&instance).await, ["k1"]);
    let another = oauth(&stand).send(("GET", "/.well-known/jwks.json"), &[], None).await;
    assert_eq!(another.status, 500, "{}", another.json);
    assert_eq!(another.json.get("keys"), None::<&Value>);
}
