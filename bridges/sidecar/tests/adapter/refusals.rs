//! Calls that the sidecar does not take.

use crate::postgres::statements;
use crate::stage::{NEXT_TOKEN, Stage, TOKEN};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_bridge_api::sql::sql;

fn not_granted(name: &str) -> Failure {
    Failure::NotGranted(name.to_owned())
}

#[tokio::test]
async fn a_wrong_token_is_told_as_such() {
    let stage = Stage::start().await;
    let stranger = stage.probe_told("bridge_token", "the-token-of-another-stage").await;
    assert_eq!(stranger.query(sql("SELECT 1")).await, Err(not_granted("bridge_token")));
    let transacted = stranger.transact(statements(vec![sql("DELETE FROM things").unguarded()])).await;
    assert_eq!(transacted, Err(TransactError::Failed(not_granted("bridge_token"))));
    assert!(stage.probe().query(sql("SELECT 1")).await.is_ok());
}

#[tokio::test]
async fn while_a_token_is_exchanged_both_are_accepted() {
    let stage = Stage::start().await;
    for told in [NEXT_TOKEN.to_owned(), format!("{NEXT_TOKEN} {TOKEN}")] {
        let probe = stage.probe_told("bridge_token", &told).await;
        assert!(probe.query(sql("SELECT 1")).await.is_ok(), "{told}");
    }
}

#[tokio::test]
async fn a_component_that_the_manifest_does_not_have_is_told_so() {
    let stage = Stage::start().await;
    let stranger = stage.probe_told("bridge_component", "nobody").await;
    assert_eq!(stranger.query(sql("SELECT 1")).await, Err(not_granted("bridge_component")));
}

#[tokio::test]
async fn a_component_without_grants_is_refused_everything() {
    let stage = Stage::start().await;
    let bare = stage.probe_told("bridge_component", "bare").await;
    assert_eq!(bare.query(sql("SELECT 1")).await, Err(not_granted("postgres")));
    assert_eq!(bare.pipeline(vec![]).await, Err(not_granted("redis")));
    assert_eq!(bare.hash_password("a password").await, Err(not_granted("passwords")));
}

#[tokio::test]
async fn a_call_that_is_too_large_is_refused_and_others_are_answered() {
    let stage = Stage::start().await;
    let probe = stage.probe();
    let of_length = |bytes: usize| sql(&format!("SELECT length('{}')", "x".repeat(bytes)));
    assert_eq!(probe.query(of_length(7 << 20)).await, Err(Failure::Refused("413".to_owned())));
    assert!(probe.query(of_length((7 << 20) - 100)).await.is_ok());
}
