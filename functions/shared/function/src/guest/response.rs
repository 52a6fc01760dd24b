//! An answer, as the host takes it.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body::Body;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields};
use spin_sdk::wasip3::http_compat::BodyWriter;
use spin_sdk::wit_bindgen::{spawn, yield_async};

/// How a call of gRPC ended.
const GRPC_STATUS: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// Gives the head of an answer to the host. Its body follows once the host reads it.
pub(super) fn to_host<B>(answer: Response<B>) -> Result<types::Response, ErrorCode>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + 'static,
{
    let (mut head, mut body) = answer.into_parts();
    let (mut writer, contents, trailers) = BodyWriter::new();
    if body.is_end_stream() {
        // The answer to HEAD has the length of what GET gives. The host holds a length against the body, and would
        // fail the answer; HEAD may leave it out (RFC 9110, section 9.3.2).
        head.headers.remove(CONTENT_LENGTH);
        // A call that failed may say so in its headers, if these are all (gRPC over HTTP/2, Trailers-Only). Whether they are, a
        // host knows that has the whole body first; one that streams it does not. Trailers are right in both.
        let told =
            GRPC_STATUS.into_iter().filter_map(|name| head.headers.remove(&name).map(|value| (name, value)));
        writer.trailers = told.collect();
    }
    let (response, _sent) = types::Response::new(fields(&head.headers)?, Some(contents), trailers);
    if head.status != StatusCode::OK && response.set_status_code(head.status.as_u16()).is_err() {
        return Err(ErrorCode::InternalError(Some("the status is malformed".to_owned())));
    }
    spawn(async move {
        // The host gets to the body only after it has the head. A write before that would have to wait, and
        // to be woken again; one after it does not.
        yield_async().await;
        // A client that has gone reads no more.
        drop(writer.send_http_body(&mut body).await);
    });
    Ok(response)
}

fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    let fields: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    Fields::from_list(&fields).map_err(|error| ErrorCode::InternalError(Some(error.to_string())))
}
