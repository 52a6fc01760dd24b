//! On real sockets: a server that answers and closes while the client still sends.

#![allow(clippy::unwrap_used, reason = "test fixtures fail the test that calls them")]

use mcsp_linger::Lingering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// More than the buffers of both sockets hold.
const UNWANTED_BYTES: usize = 64 << 20;
/// Never silent for long.
const BETWEEN_WRITES: Duration = Duration::from_millis(100);
const ANSWER: &[u8] = b"no";

async fn connected() -> (TcpStream, Lingering) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, Lingering::new(listener.accept().await.unwrap().0))
}

#[tokio::test]
async fn a_client_that_is_still_sending_reads_the_answer() {
    let (mut client, mut server) = connected().await;
    let answered = tokio::spawn(async move {
        server.write_all(ANSWER).await.unwrap();
        server.shutdown().await.unwrap();
    });
    client.write_all(&vec![0; UNWANTED_BYTES]).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, ANSWER);
    answered.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_more_is_not_waited_for_long() {
    let (client, mut server) = connected().await;
    // The client neither ends nor sends.
    server.shutdown().await.unwrap();
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ends_is_left() {
    let (mut client, mut server) = connected().await;
    let sending = tokio::spawn(async move {
        while client.write_all(&[0; 1024]).await.is_ok() {
            tokio::time::advance(BETWEEN_WRITES).await;
        }
    });
    server.shutdown().await.unwrap();
    drop(server);
    sending.await.unwrap();
}

#[tokio::test]
async fn what_is_read_and_written_before_is_unchanged() {
    let (mut client, mut server) = connected().await;
    client.write_all(b"ping").await.unwrap();
    let mut request = [0; 4];
    server.read_exact(&mut request).await.unwrap();
    server.write_all(&request).await.unwrap();
    server.flush().await.unwrap();
    client.shutdown().await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"ping");
}
