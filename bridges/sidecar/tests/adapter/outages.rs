//! A sidecar that goes, hangs, and comes back.

use crate::outgoing::Outgoing;
use crate::postgres::until;
use crate::stage::{Stage, variables};
use crate::target::gate;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::limits::Subject;
use mcsp_bridge_api::sql::sql;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn calls_fail_while_the_sidecar_is_gone_and_are_answered_when_it_is_back() {
    let mut stage = Stage::start().await;
    let probe = stage.probe();
    let ask = async || probe.query(sql("SELECT 1")).await;
    assert!(ask().await.is_ok());
    stage.sidecar.kill().await;
    assert_eq!(ask().await, Err(Failure::Unreachable));
    stage.start_sidecar_again().await;
    assert!(ask().await.is_ok());
}

#[tokio::test]
async fn a_sidecar_that_hangs_is_given_up() {
    let stage = Stage::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let told = variables(&silent.local_addr().unwrap().to_string(), &stage.component);
    let probe = stage.probe_with(told, Outgoing::new(1_000)).await;
    assert_eq!(probe.query(sql("SELECT 1")).await, Err(Failure::DeadlineExceeded));
}

#[tokio::test]
async fn a_request_waits_only_a_moment_for_a_sidecar_that_does_not_count_it() {
    let stage = Stage::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let told = variables(&silent.local_addr().unwrap().to_string(), &stage.component);
    let probe = stage.probe_with(told, Outgoing::new(1)).await;
    let begun = Instant::now();
    let subject = Subject::User("user_a".to_owned());
    assert_eq!(probe.take_request(subject).await, Err(Failure::DeadlineExceeded));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_sidecar_that_is_asked_to_end_finishes_what_is_under_way() {
    let mut stage = Stage::start().await;
    let probe = stage.probe();
    let ending = async {
        stage.target.entered().await;
        stage.sidecar.terminate();
        let refused = async || TcpStream::connect(&stage.sidecar.address).await.is_err();
        until("the sidecar accepts no more", refused).await;
        stage.target.let_pass();
    };
    let (answer, ()) = tokio::join!(probe.call(gate()), ending);
    assert_eq!(answer.unwrap().body, b"passed");
    assert!(stage.sidecar.ended().await);
}
