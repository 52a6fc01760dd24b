//! Bodies of requests and answers, and the place of a request at its function.

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{Collected, Full};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Sleep;
use wasmtime_wasi_http::Error;

/// The body of an answer.
pub(crate) enum Body {
    /// Sent with its length.
    Whole(Full<Bytes>),
    /// One that ends with trailers, as gRPC has them. None once they are sent.
    WithTrailers(Full<Bytes>, Option<HeaderMap>),
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Body::Whole(Full::new(bytes))
    }

    pub(crate) fn collected(body: Collected<Bytes>) -> Self {
        match body.trailers().cloned() {
            None => Body::whole(body.to_bytes()),
            Some(trailers) => Body::WithTrailers(Full::new(body.to_bytes()), Some(trailers)),
        }
    }

    /// What follows its bytes.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        match self {
            Body::Whole(_) => None,
            Body::WithTrailers(_, trailers) => trailers.as_ref(),
        }
    }

    /// How long it is, without trailers.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Body::Whole(body) | Body::WithTrailers(body, _) => body.size_hint().lower(),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Body::Whole(body) => Pin::new(body).poll_frame(cx),
            Body::WithTrailers(body, trailers) => match ready!(Pin::new(body).poll_frame(cx)) {
                None => Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers)))),
                frame => Poll::Ready(frame),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(body) => body.is_end_stream(),
            Body::WithTrailers(body, trailers) => body.is_end_stream() && trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(body) => body.size_hint(),
            // With a length nothing could follow it.
            Body::WithTrailers(..) => SizeHint::default(),
        }
    }
}

/// A body that takes room for every byte that arrives.
pub(crate) struct InRoom<'a, B> {
    body: B,
    room: &'a Semaphore,
    /// None before the first byte.
    pub taken: Option<SemaphorePermit<'a>>,
}

/// There is no room for more.
#[derive(Debug, thiserror::Error)]
#[error("there is no room for more bodies")]
pub(crate) struct NoRoom;

impl<'a, B> InRoom<'a, B> {
    pub(crate) fn new(body: B, room: &'a Semaphore) -> Self {
        InRoom { body, room, taken: None }
    }
}

impl<B> HttpBody for InRoom<'_, B>
where
    B: HttpBody<Data = Bytes, Error: std::error::Error + Send + Sync + 'static> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) else { return Poll::Ready(None) };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let room = self.room;
        let Ok(taken) = room.try_acquire_many(u32::try_from(bytes).unwrap_or(u32::MAX)) else {
            return Poll::Ready(Some(Err(NoRoom.into())));
        };
        match &mut self.taken {
            Some(before) => before.merge(taken),
            before => *before = Some(taken),
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body as it arrives, which breaks off where nothing comes for too long.
pub(crate) struct Paced<B> {
    body: B,
    patience: Duration,
    /// While it is waited for.
    giving_up: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    pub(crate) fn new(body: B, patience: Duration) -> Self {
        Paced { body, patience, giving_up: None }
    }
}

impl<B: HttpBody<Data = Bytes, Error = hyper::Error> + Unpin> HttpBody for Paced<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.giving_up = None;
                Poll::Ready(frame.map(|frame| frame.map_err(Error::Hyper)))
            }
            Poll::Pending => {
                let patience = self.patience;
                let giving_up = self.giving_up.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                ready!(giving_up.as_mut().poll(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// One of the requests that a function may serve at the same time.
pub(crate) struct Permit(Arc<AtomicU64>);

impl Permit {
    pub(crate) fn take(in_flight: &Arc<AtomicU64>, limit: u64) -> Option<Self> {
        if in_flight.fetch_add(1, AcqRel) >= limit {
            in_flight.fetch_sub(1, AcqRel);
            return None;
        }
        Some(Permit(Arc::clone(in_flight)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::{self, StreamExt};
    use http_body_util::{BodyExt, StreamBody};

    #[tokio::test]
    async fn a_body_takes_the_room_of_its_bytes_and_gives_it_back() {
        let room = Semaphore::new(10);
        let body = |bytes: &'static [u8]| InRoom::new(Full::new(Bytes::from_static(bytes)), &room);
        let mut first = body(b"123456");
        assert_eq!((&mut first).collect().await.unwrap().to_bytes(), "123456");
        assert_eq!(room.available_permits(), 4);
        let refused = body(b"12345").collect().await.unwrap_err();
        assert!(refused.is::<NoRoom>(), "{refused}");
        drop(first);
        assert_eq!(body(b"0123456789").collect().await.unwrap().to_bytes(), "0123456789");
        assert_eq!(room.available_permits(), 10);
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_breaks_off() {
        let begun = Ok::<_, hyper::Error>(Frame::data(Bytes::from_static(b"1")));
        let stalls = stream::iter([begun]).chain(stream::pending());
        let mut body = Paced::new(StreamBody::new(stalls), Duration::from_millis(5));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "1");
        assert!(matches!(body.frame().await, Some(Err(Error::ConnectionReadTimeout))));
    }

    #[tokio::test]
    async fn trailers_follow_the_bytes_which_are_counted() {
        let trailers = HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("1"))]);
        let given = Full::new(Bytes::from_static(b"123")).with_trailers(async { Some(Ok(trailers.clone())) });
        let body = Body::collected(given.collect().await.unwrap());
        assert_eq!((body.bytes(), body.is_end_stream(), body.size_hint().exact()), (3, false, None));
        let sent = body.collect().await.unwrap();
        assert_eq!(sent.trailers(), Some(&trailers));
        assert_eq!(sent.to_bytes(), "123");
    }

    #[test]
    fn permits_come_back_and_none_is_given_beyond_the_limit() {
        let in_flight = Arc::new(AtomicU64::new(0));
        for _ in 0..1000 {
            let one = Permit::take(&in_flight, 2);
            let two = Permit::take(&in_flight, 2);
            assert!(one.is_some() && two.is_some());
            assert!(Permit::take(&in_flight, 2).is_none());
        }
        assert_eq!(in_flight.load(std::sync::atomic::Ordering::Acquire), 0);
    }
}
