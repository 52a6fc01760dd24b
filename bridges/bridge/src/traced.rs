//! A component's port that records a span of each call that leaves the process, as OpenTelemetry's conventions for clients
//! of databases, messaging and HTTP have it. What stays in memory (limits, copies) is over in microseconds, and has none.

use async_trait::async_trait;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_traces::{Kind, Span, SpanContext, TRACEPARENT, Tracer, current, send};
use std::sync::Arc;

/// The port behind it does the calls.
pub(crate) struct Traced<B> {
    pub port: B,
    pub tracer: Tracer,
    pub service: Arc<str>,
}

/// An error as a span names it; none for what is no fault of the call.
trait ErrorType {
    fn error_type(&self) -> Option<&'static str>;
}

impl ErrorType for Failure {
    fn error_type(&self) -> Option<&'static str> {
        Some(match self {
            Failure::BreakerOpen(_) => "breaker-open",
            Failure::Overloaded => "overloaded",
            Failure::DeadlineExceeded => "deadline-exceeded",
            Failure::Unreachable => "unreachable",
            Failure::NotGranted(_) => "not-granted",
            Failure::Refused(_) => "refused",
        })
    }
}

impl ErrorType for TransactError {
    fn error_type(&self) -> Option<&'static str> {
        match self {
            TransactError::DuplicateEvent
            | TransactError::UnexpectedRows(_)
            | TransactError::ConstraintViolated(_) => None,
            TransactError::Conflict => Some("conflict"),
            TransactError::Failed(failure) => failure.error_type(),
        }
    }
}

fn settle<T, E: ErrorType>(mut span: Span, result: Result<T, E>) -> Result<T, E> {
    if let Some(error_type) = result.as_ref().err().and_then(E::error_type) {
        span.fail(error_type);
    }
    result
}

impl<B> Traced<B> {
    fn begin(&self, kind: Kind, name: impl FnOnce() -> String) -> Span {
        self.tracer.span(kind, &self.service, current(), name)
    }

    /// The text of a statement holds no values: they are its parameters.
    fn statement(&self, text: &str) -> Span {
        let operation = text.split_whitespace().next().unwrap_or_default();
        let mut span = self.begin(Kind::Client, || format!("{operation} {}", self.service));
        span.text("db.system.name", "postgresql");
        span.text("db.namespace", &self.service);
        span.text("db.operation.name", operation);
        span.text("db.query.text", text);
        span
    }

    fn transaction(&self, transaction: &Transaction) -> Span {
        let mut span = self.begin(Kind::Client, || format!("TRANSACTION {}", self.service));
        if span.is_recorded() {
            let texts: Vec<&str> = transaction.statements.iter().map(|s| s.statement.sql.as_str()).collect();
            span.text("db.system.name", "postgresql");
            span.text("db.namespace", &self.service);
            span.text("db.operation.name", "TRANSACTION");
            span.number("db.operation.batch.size", texts.len());
            span.text("db.query.text", &texts.join("; "));
            span.number("mcsp.outbox.events", transaction.events.len());
        }
        span
    }

    /// Keys and values are not told, of scripts not even the source: it would be the same text each time.
    fn operations(&self, operations: &[Operation]) -> Span {
        let name = match operations {
            [Operation::Command(words)] => {
                words.first().map(|word| String::from_utf8_lossy(word).to_uppercase())
            }
            [Operation::RunScript(_)] => Some("EVALSHA".to_owned()),
            _ => None,
        };
        let operation = name.as_deref().unwrap_or("PIPELINE");
        let mut span = self.begin(Kind::Client, || operation.to_owned());
        span.text("db.system.name", "redis");
        span.text("db.operation.name", operation);
        if operations.len() > 1 {
            span.number("db.operation.batch.size", operations.len());
        }
        span
    }

    fn request(&self, request: &mut Request) -> Span {
        let Request { target, method, .. } = request;
        let mut span = self.begin(Kind::Client, || format!("{method} {target}"));
        span.text("http.request.method", method);
        span.text("peer.service", target);
        // Whether the target is told of the trace, the function decides.
        let told =
            request.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT.as_str()));
        if let (Some((_, told)), Some(context)) = (told, span.context()) {
            *told = context.to_string();
        }
        span
    }

    fn internal(&self, name: &str) -> Span {
        self.begin(Kind::Internal, || name.to_owned())
    }
}

/// Events that are committed with the span go on from it.
fn go_on_from(span: &Span, events: &mut [Event]) {
    let Some(context) = span.context() else { return };
    for told in events.iter_mut().filter_map(|event| event.traceparent.as_mut()) {
        if SpanContext::parse(told).is_some_and(|before| before.shares_trace_with(&context)) {
            *told = context.to_string();
        }
    }
}

#[async_trait]
impl<B: Bridge> Bridge for Traced<B> {
    async fn query(&self, statement: Statement) -> Result<RowSet, Failure> {
        let span = self.statement(&statement.sql);
        settle(span, self.port.query(statement).await)
    }

    async fn try_query(&self, statement: Statement, patience_ms: u32) -> Result<RowSet, Failure> {
        let span = self.statement(&statement.sql);
        settle(span, self.port.try_query(statement, patience_ms).await)
    }

    async fn transact(&self, mut transaction: Transaction) -> Result<Vec<RowSet>, TransactError> {
        let span = self.transaction(&transaction);
        go_on_from(&span, &mut transaction.events);
        settle(span, self.port.transact(transaction).await)
    }

    async fn publish(&self, mut events: Vec<Event>, acknowledgement: Acknowledgement) -> Result<(), Failure> {
        let begin = |event: &mut Event| {
            let of = (event.topic.as_str(), event.id.as_str());
            let trace = (&mut event.traceparent, event.tracestate.as_deref());
            send(&self.tracer, &self.service, of, trace)
        };
        let mut spans: Vec<Span> = events.iter_mut().map(begin).collect();
        let published = self.port.publish(events, acknowledgement).await;
        if let Some(error_type) = published.as_ref().err().and_then(Failure::error_type) {
            spans.iter_mut().for_each(|span| span.fail(error_type));
        }
        published
    }

    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        let span = self.operations(&operations);
        settle(span, self.port.pipeline(operations).await)
    }

    async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience_ms: u32,
    ) -> Result<Vec<Reply>, Failure> {
        let span = self.operations(&operations);
        settle(span, self.port.try_pipeline(operations, patience_ms).await)
    }

    async fn call(&self, mut request: Request) -> Result<Response, Failure> {
        let mut span = self.request(&mut request);
        let answered = self.port.call(request).await;
        if let Ok(response) = &answered {
            span.number("http.response.status_code", response.status);
            if response.stale_ms > 0 {
                span.number("mcsp.stale_ms", response.stale_ms);
            } else if response.status >= 400 {
                span.fail(&response.status.to_string());
            }
        }
        settle(span, answered)
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        let span = self.internal("hash password");
        settle(span, self.port.hash_password(password).await)
    }

    async fn verify_password(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        let span = self.internal("verify password");
        settle(span, self.port.verify_password(password, phc).await)
    }

    async fn take_request(&self, subject: Subject) -> Result<Standing, Failure> {
        self.port.take_request(subject).await
    }

    async fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        self.port.exchange(steps).await
    }
}
