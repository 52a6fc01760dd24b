//! A stop finishes what was begun.

use crate::bridge::GatedBridge;
use crate::fixture::{Setup, get_from, wait_until};
use std::time::Duration;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_stop_finishes_requests_and_takes_no_new_connections() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).start().await;
    let address = runner.address();
    let request = tokio::spawn(get_from(address, "/probe/redis/key"));
    wait_until(|| bridge.entered() == 1, || "not entered".into()).await;
    let stop = tokio::spawn(runner.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!request.is_finished() && !stop.is_finished());
    bridge.let_pass(1);
    assert_eq!(request.await.unwrap().status(), 200);
    stop.await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_the_drain() {
    let bridge = GatedBridge::new(0);
    let mut setup = Setup::default().bridges(bridge.clone());
    setup.settings.drain = Duration::from_millis(50);
    let runner = setup.start().await;
    let address = runner.address();
    let request = tokio::spawn(async move {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.writable().await.unwrap();
        stream.try_write(b"GET /probe/redis/key HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        stream.readable().await.unwrap();
        let mut answer = [0; 16];
        stream.try_read(&mut answer).unwrap_or(0)
    });
    wait_until(|| bridge.entered() == 1, || "not entered".into()).await;
    tokio::time::timeout(Duration::from_secs(10), runner.stop()).await.unwrap();
    assert_eq!(request.await.unwrap(), 0);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    let runner = Setup::default().start().await;
    let _silent = TcpStream::connect(runner.address()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), runner.stop()).await.unwrap();
}
