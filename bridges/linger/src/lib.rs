//! A lingering close (RFC 9112, section 9.6).
//!
//! A server may answer before it has read the whole request, and close: a body that is too large, a URL that is
//! refused. A socket that is closed with unread bytes resets the connection, and the reset can destroy the
//! answer before the client reads it. [`Lingering`] therefore ends its own side first, then takes what still
//! comes until the client ends its side too, within bounds.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may be silent before it is taken for gone.
const QUIET_TIMEOUT: Duration = Duration::from_secs(2);
/// How long bytes are taken that nobody wants.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
const TAKEN_AT_ONCE: usize = 16 * 1024;

/// A connection that lingers when it is shut down.
#[derive(Debug)]
pub struct Lingering {
    stream: TcpStream,
    closing: Option<Closing>,
}

/// Our side has ended; the client's is awaited.
#[derive(Debug)]
struct Closing {
    quiet: Pin<Box<Sleep>>,
    end: Instant,
}

impl Lingering {
    /// Wraps an accepted connection.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, closing: None }
    }
}

impl Closing {
    fn begin() -> Self {
        let now = Instant::now();
        Self { quiet: Box::pin(sleep_until(now + QUIET_TIMEOUT)), end: now + TOTAL_TIMEOUT }
    }

    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        let mut unwanted = [0; TAKEN_AT_ONCE];
        while self.quiet.as_mut().poll(cx).is_pending() {
            let mut taken = ReadBuf::new(&mut unwanted);
            // After an error nobody is there to read the answer.
            if ready!(Pin::new(&mut *stream).poll_read(cx, &mut taken)).is_err() || taken.filled().is_empty()
            {
                break;
            }
            self.quiet.as_mut().reset(self.end.min(Instant::now() + QUIET_TIMEOUT));
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closing } = &mut *self;
        if closing.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        closing.get_or_insert_with(Closing::begin).poll(stream, cx).map(Ok)
    }
}
