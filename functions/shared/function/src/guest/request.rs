//! A request of the host, as `http` has it.
//!
//! The SDK's own conversion asks for every part, also for those that no function looks at, and each question
//! crosses the boundary. This one asks for the method, the path and the headers, and for the body where it is
//! read.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body::{Body, Frame, SizeHint};
use spin_sdk::wasip3::http::types::{self, ErrorCode, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult};
use spin_sdk::wasip3::wit_future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Asked for at once where the length of a body is not known.
const CHUNK_BYTES: u64 = 16 * 1024;
/// Asked for at once where it is: a length is only what the client says.
const CHUNK_MAX_BYTES: u64 = 64 * 1024;

/// Takes a request. Its URI is what stood in the request line: path and query.
pub(super) fn from_host(request: types::Request) -> Result<Request<Incoming>, ErrorCode> {
    let path = request.get_path_with_query().unwrap_or_else(|| "/".to_owned());
    let uri = Uri::try_from(path).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let method = Method::try_from(request.get_method()).map_err(|_| ErrorCode::HttpRequestMethodInvalid)?;
    let headers = headers(request.get_headers().copy_all())?;
    let mut taken = Request::new(Incoming::new(request, &headers));
    (*taken.method_mut(), *taken.uri_mut(), *taken.headers_mut()) = (method, uri, headers);
    Ok(taken)
}

fn headers(fields: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, ErrorCode> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_maybe_shared(Bytes::from(value));
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(ErrorCode::InternalError(Some("a header is malformed".to_owned())));
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// The body of a request, which the host gives when it is read.
pub struct Incoming(State);

enum State {
    Unread(types::Request, Option<u64>),
    Reading(Pin<Box<dyn Future<Output = Read> + Send>>),
    Ended,
}

/// Some bytes and where the next come from; none at the end.
type Read = Result<Option<(Bytes, Source)>, ErrorCode>;

struct Source {
    contents: StreamReader<u8>,
    end: FutureReader<Result<Option<Trailers>, ErrorCode>>,
    /// What is still to come, where the client said how much it sends.
    left: Option<u64>,
    /// Dropping it tells the host that all is well.
    _taken: FutureWriter<Result<(), ErrorCode>>,
}

impl Incoming {
    fn new(request: types::Request, headers: &HeaderMap) -> Self {
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Incoming(if length == Some(0) { State::Ended } else { State::Unread(request, length) })
    }
}

impl Source {
    fn of(request: types::Request, left: Option<u64>) -> Self {
        let (taken, told) = wit_future::new(|| Ok(()));
        let (contents, end) = types::Request::consume_body(request, told);
        Source { contents, end, left, _taken: taken }
    }

    async fn read(mut self) -> Read {
        let room = self.left.map_or(CHUNK_BYTES, |left| left.min(CHUNK_MAX_BYTES));
        let room = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
        match self.contents.read(room).await {
            (StreamResult::Complete(_), bytes) => {
                self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                Ok(Some((Bytes::from(bytes), self)))
            }
            (StreamResult::Dropped | StreamResult::Cancelled, _) => self.end.await.map(|_trailers| None),
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let mut reading = match std::mem::replace(&mut self.0, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::Unread(request, length) => Box::pin(Source::of(request, length).read()),
            State::Reading(reading) => reading,
        };
        let Poll::Ready(read) = reading.as_mut().poll(cx) else {
            self.0 = State::Reading(reading);
            return Poll::Pending;
        };
        Poll::Ready(match read {
            Err(error) => Some(Err(error)),
            Ok(None) => None,
            Ok(Some((bytes, source))) => {
                // What was announced is here: nobody has to ask for the end.
                if source.left != Some(0) {
                    self.0 = State::Reading(Box::pin(source.read()));
                }
                Some(Ok(Frame::data(bytes)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match self.0 {
            // It may break off, so the length is not exact.
            State::Unread(_, Some(length)) => {
                let mut hint = SizeHint::new();
                hint.set_upper(length);
                hint
            }
            State::Unread(_, None) | State::Reading(_) => SizeHint::default(),
            State::Ended => SizeHint::with_exact(0),
        }
    }
}
