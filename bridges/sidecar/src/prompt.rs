//! Connections whose bytes are acknowledged as soon as they are read.
//!
//! Linux holds an acknowledgement back by up to 40 ms on a connection that has answered, hoping to send it with
//! the next answer. A client without TCP_NODELAY, such as stock Spin, sends a call's head and keeps its body back
//! until the head is acknowledged (Nagle's algorithm, RFC 9293, section 3.7.4). Each then waits for the other.
//! TCP_QUICKACK does not last: the kernel takes it back when it sees fit, so it is set again after each read.

use axum::serve::Listener;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts [`Prompt`] connections.
pub(crate) struct PromptListener(pub TcpListener);

impl Listener for PromptListener {
    type Io = Prompt;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Prompt, SocketAddr) {
        let (stream, client) = Listener::accept(&mut self.0).await;
        // Answers are small: with Nagle's algorithm each would wait for the acknowledgement of the last.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
        (Prompt(stream), client)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that acknowledges what it reads.
pub(crate) struct Prompt(TcpStream);

impl Prompt {
    fn acknowledge(&self) {
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::net::sockopt::set_tcp_quickack(&self.0, true) {
            tracing::debug!(%error, "TCP_QUICKACK not set");
        }
    }
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.0).poll_read(cx, buffer))?;
        self.acknowledge();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rustix::net::sockopt::tcp_quickack;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Once it has answered, a connection delays its acknowledgements; one of ours does not.
    #[tokio::test]
    async fn a_connection_that_has_answered_acknowledges_at_once_what_it_reads_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut listener = PromptListener(listener);
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = Listener::accept(&mut listener).await;
        let mut delayed = false;
        for _ in 0..3 {
            client.write_all(b"call").await.unwrap();
            server.read_exact(&mut [0; 4]).await.unwrap();
            assert!(tcp_quickack(&server.0).unwrap());
            server.write_all(b"answer").await.unwrap();
            client.read_exact(&mut [0; 6]).await.unwrap();
            // What the kernel would go on with by itself.
            delayed |= !tcp_quickack(&server.0).unwrap();
        }
        assert!(delayed, "the kernel takes it back: it must be set after each read");
    }
}
