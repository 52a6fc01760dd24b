//! Methods that take one message and give one.

use crate::refused::refused;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use http::{HeaderMap, StatusCode, header};
use mcsp_function::{Context, FromPlatform};
use mcsp_problem::Problem;
use prost::Message;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

/// The largest message that a method takes.
pub const MESSAGE_MAX_BYTES: usize = 64 * 1024;

/// The route of a method, for other services of the platform alone: 401 `platform_token_needed` to everybody else, and 404
/// `not_found` to who does not even speak gRPC.
pub fn unary<Q, A, F, R>(operation: F) -> MethodRouter<Context>
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: Fn(Context, Q) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<A, Problem>> + Send + 'static,
{
    post(move |State(context): State<Context>, request: Request| {
        answer::<Q, A, F, R>(context, operation.clone(), request)
    })
}

async fn answer<Q, A, F, R>(context: Context, operation: F, request: Request) -> Response
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: Fn(Context, Q) -> R + Send + Sync + 'static,
    R: Future<Output = Result<A, Problem>> + Send + 'static,
{
    let (mut parts, body) = request.into_parts();
    let caller = FromPlatform::from_request_parts(&mut parts, &context).await;
    match (caller, speaks_grpc(&parts.headers)) {
        (Ok(_), true) => {}
        (Ok(_), false) => return other_protocol().into_response(),
        (Err(problem), false) => return problem.into_response(),
        (Err(problem), true) if problem.status() == StatusCode::NOT_FOUND => return refused(&stranger()),
        (Err(problem), true) => return refused(&problem),
    }
    let failed = Arc::new(OnceLock::new());
    let method = Method { context, operation, failed: Arc::clone(&failed) };
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).max_decoding_message_size(MESSAGE_MAX_BYTES);
    let answered = grpc.unary(method, Request::from_parts(parts, body)).await;
    // A status of an answer with a message stands in its trailers.
    match (failed.get(), Status::from_header_map(answered.headers())) {
        (Some(problem), _) => refused(problem),
        (None, Some(status)) => refused(&unreadable(&status)),
        (None, None) => answered.map(Body::new),
    }
}

fn speaks_grpc(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| ["application/grpc", "application/grpc+proto"].contains(&media_type))
}

/// An operation for one request. Why it failed is kept beside the status, which can't hold all of it.
struct Method<F> {
    context: Context,
    operation: F,
    failed: Arc<OnceLock<Problem>>,
}

impl<Q, A, F, R> UnaryService<Q> for Method<F>
where
    A: 'static,
    F: Fn(Context, Q) -> R,
    R: Future<Output = Result<A, Problem>> + Send + 'static,
{
    type Response = A;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<A>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Q>) -> Self::Future {
        let answer = (self.operation)(self.context.clone(), request.into_inner());
        let failed = Arc::clone(&self.failed);
        Box::pin(async move {
            answer.await.map(tonic::Response::new).map_err(|problem| {
                drop(failed.set(problem));
                Status::new(Code::Unknown, "")
            })
        })
    }
}

fn stranger() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "platform_token_needed",
        "only the platform's own services are answered here",
    )
}

fn other_protocol() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "grpc_needed", "only gRPC is spoken here")
}

/// What the caller has sent that no message could be made of.
fn unreadable(status: &Status) -> Problem {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "message_too_large",
            "the message is longer than 64 KiB",
        ),
        Code::Unimplemented => Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "compression_not_supported",
            "messages are not to be compressed",
        ),
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed_message", "the message cannot be decoded"),
    }
}
