//! Connections to the bridge, whichever way it listens.

use crate::address::Address;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tower_service::Service;

/// How soon a bridge that does not listen yet is tried again.
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub(crate) struct Connector(pub(crate) Address);

pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// There is one bridge: the URI says what is asked of it, not where it is.
    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.0.clone();
        Box::pin(async move { address.connect().await.map(TokioIo::new) })
    }
}

impl Address {
    async fn connect(&self) -> io::Result<Stream> {
        Ok(match self {
            Address::Http(authority) => {
                let port = authority.port_u16().unwrap_or(80);
                let stream = TcpStream::connect((authority.host(), port)).await?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Address::Unix(path) => Stream::Unix(UnixStream::connect(path).await?),
        })
    }

    /// Waits until a bridge listens there.
    pub async fn is_served(&self) {
        while self.connect().await.is_err() {
            tokio::time::sleep(CONNECT_PAUSE).await;
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Stream::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, poll_fn};
    use tokio::net::UnixListener;

    #[tokio::test]
    async fn a_bridge_is_waited_for_until_it_listens() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bridge.sock");
        let address = Address::Unix(path.clone());
        let mut served = Box::pin(address.is_served());
        let is_waiting = poll_fn(|context| Poll::Ready(served.as_mut().poll(context).is_pending())).await;
        assert!(is_waiting);
        let listener = UnixListener::bind(path).unwrap();
        tokio::select! {
            () = served => {}
            () = async { while listener.accept().await.is_ok() {}; pending().await } => {}
        }
    }
}
