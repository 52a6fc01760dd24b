//! Taking events.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, TransactError, Transaction};
use mcsp_function::{Context, FromPlatform, TraceParent};
use mcsp_problem::Problem;
use serde::de::DeserializeOwned;

/// What the bridge's consumer reads: the event is not what fails.
const WAITS_FOR: HeaderName = HeaderName::from_static("mcsp-waits-for");

/// An event that the bridge, or a Knative source, delivers: CloudEvents 1.0, HTTP binary mode.
///
/// What it answers decides what becomes of the event: 2xx and it is done, 400 or 422 and it is dead-lettered,
/// anything else and it comes again, until patience is spent; what [`waits`], however long that lasts.
#[derive(Clone, Debug)]
pub struct Received {
    /// The event's id, by which a second delivery is known.
    pub id: String,
    /// `mcsp.<service>.<entity>.<verb>.v1`
    pub kind: String,
    /// The trace of the request that caused it.
    pub trace: TraceParent,
    data: Bytes,
}

/// What became of an event. All of them are answered with 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Its effect is committed.
    Done,
    /// Its effect was there before.
    Before,
    /// It does not concern this consumer: another type, or an older version than what is known.
    Ignored,
}

/// Says of a problem that nothing is wrong with the event: what it is to be written to is out of reach. The event is no
/// dead letter then, whatever the time: it waits, and those of its key behind it, until the store is back.
///
/// Only for components whose events need nothing but the service's own stores: where somebody else refuses one event again
/// and again, it must make room for the others.
#[must_use]
pub fn waits(problem: Problem) -> Problem {
    problem.with_header(WAITS_FOR, HeaderValue::from_static("store"))
}

impl Received {
    /// The state that it carries. Unknown fields are passed over: producers may add some. What cannot be
    /// read is poison, 422 `malformed_event`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.data).map_err(|error| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "malformed_event",
                "the event's data cannot be read",
            )
            .with_detail(format_args!("at line {} column {}", error.line(), error.column()))
            .caused_by(&error)
        })
    }

    /// Commits its effect, once: a second delivery changes nothing.
    pub async fn apply(
        &self,
        context: &Context,
        statements: Vec<GuardedStatement>,
        events: Vec<Event>,
    ) -> Result<Applied, TransactError> {
        let consumed_event = Some(self.id.clone());
        match context.bridge().transact(Transaction { consumed_event, statements, events }).await {
            Ok(_) => Ok(Applied::Done),
            Err(TransactError::DuplicateEvent) => Ok(Applied::Before),
            Err(error) => Err(error),
        }
    }
}

impl IntoResponse for Applied {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<S> FromRequest<S> for Received
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        FromPlatform::from_request_parts(&mut parts, state).await?;
        let trace = match TraceParent::from_request_parts(&mut parts, state).await {
            Ok(trace) => trace,
            Err(never) => match never {},
        };
        let attribute = |name: &'static str| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned).ok_or_else(
                || {
                    Problem::new(
                        StatusCode::BAD_REQUEST,
                        "not_a_cloud_event",
                        "a CloudEvents attribute is missing",
                    )
                    .with_detail(name)
                },
            )
        };
        let (id, kind) = (attribute("ce-id")?, attribute("ce-type")?);
        let request = Request::new(body);
        let data = Bytes::from_request(request, state).await.map_err(|rejection| {
            Problem::new(StatusCode::BAD_REQUEST, "body_unreadable", "the body broke off")
                .caused_by(&rejection)
        })?;
        Ok(Received { id, kind, trace, data })
    }
}
