//! Claiming a key, and giving the first answer again.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use mcsp_bridge_api::postgres::{GuardedStatement, RowSet, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Json, Rows, sql};
use mcsp_function::Context;
use mcsp_problem::Problem;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How long a request may work before its key is free for another try.
pub const CLAIM_MAX: SignedDuration = SignedDuration::from_mins(1);
/// How long an answer is remembered.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// An answer that can be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    /// An answer with a JSON body.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        // Answers are plain structs with string keys: serialization has nothing to fail at.
        let body = serde_json::to_vec(body).unwrap_or_default();
        let headers = BTreeMap::from([(header::CONTENT_TYPE.to_string(), "application/json".to_owned())]);
        Answer { status, headers, body }
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Answer { status, headers: BTreeMap::new(), body: Vec::new() }
    }

    /// Adds a header, such as `ETag` or `Location`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.insert(name.to_string(), value.to_string());
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        response.headers_mut().clear();
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The right to do a request's work. Its [`record`](Claim::record) belongs into the transaction that has the
/// effect.
#[derive(Clone, Debug)]
pub struct Claim(Option<Held>);

#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) scope: String,
    pub(crate) key: String,
    /// Of the request.
    pub(crate) fingerprint: Vec<u8>,
}

impl Claim {
    pub(crate) fn held(&self) -> Option<&Held> {
        self.0.as_ref()
    }

    /// The statement that remembers the answer, in the transaction of the effect; none where the request
    /// has no key.
    pub fn record(&self, answer: &Answer) -> Option<GuardedStatement> {
        let Held { scope, key, .. } = self.held()?;
        let headers = serde_json::json!(answer.headers);
        let statement =
            sql("UPDATE idempotency_keys SET state = 'answered', status = $3, headers = $4, body = $5 \
             WHERE scope = $1 AND key = $2 AND state = 'in_flight'")
            .bind(scope.as_str())
            .bind(key.as_str())
            .bind(u32::from(answer.status.as_u16()))
            .bind(headers)
            .bind(answer.body.clone());
        Some(statement.expecting(1))
    }

    /// Keeps the answer of a request that found its work done, if it has a key.
    pub async fn keep(&self, context: &Context, answer: &Answer) -> Result<(), TransactError> {
        let Some(statement) = self.record(answer) else { return Ok(()) };
        context.bridge().transact(Transaction::of(vec![statement])).await.map(drop)
    }

    /// Frees the key of a request that had no effect. A failure here only means that the key is free a
    /// minute later.
    async fn release(self, context: &Context) {
        let Some(Held { scope, key, .. }) = self.0 else { return };
        let statement =
            sql("DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND state = 'in_flight'")
                .bind(scope)
                .bind(key)
                .unguarded();
        let transaction = Transaction::of(vec![statement]);
        drop(context.bridge().transact(transaction).await);
    }
}

/// Does the work once for each key.
///
/// `scope` names caller and route: the same key of another caller is another key. `request` is what the
/// caller asked for; the same key with another request is 422 `idempotency_key_reused`, and while the first
/// is still at work 409 `idempotency_key_in_flight`. A failed request leaves its key free.
pub async fn once<R: Serialize>(
    context: &Context,
    scope: &str,
    key: Option<String>,
    request: &R,
    work: impl AsyncFnOnce(Claim) -> Result<Answer, Problem>,
) -> Result<Response, Problem> {
    let Some(key) = key else { return work(Claim(None)).await.map(IntoResponse::into_response) };
    let fingerprint = fingerprint(request);
    let held = Held { scope: scope.to_owned(), key, fingerprint };
    if let Some(earlier) = claim(context, &held).await? {
        return earlier.answer(&held.fingerprint).map(IntoResponse::into_response);
    }
    let claim = Claim(Some(held));
    let worked = work(claim.clone()).await;
    if worked.is_err() {
        claim.release(context).await;
    }
    worked.map(IntoResponse::into_response)
}

fn fingerprint<R: Serialize>(request: &R) -> Vec<u8> {
    Sha256::digest(serde_json::to_vec(request).unwrap_or_default()).to_vec()
}

/// What an earlier request of the same key left.
struct Earlier {
    fingerprint: Vec<u8>,
    answer: Option<Answer>,
}

impl Earlier {
    fn answer(self, fingerprint: &[u8]) -> Result<Answer, Problem> {
        if self.fingerprint != fingerprint {
            return Err(reused());
        }
        self.answer.ok_or_else(in_flight)
    }
}

pub(crate) fn reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "this Idempotency-Key was used for another request",
    )
}

pub(crate) fn in_flight() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "idempotency_key_in_flight",
        "the first request with this Idempotency-Key is still at work",
    )
    .retry_after_s(1)
}

/// Another request took the key, or gave it back, in the same moment.
pub(crate) fn overtaken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict", "something else changed this at the same time")
        .retry_after_s(1)
}

/// Takes the key, or tells who had it before. One round trip.
async fn claim(context: &Context, held: &Held) -> Result<Option<Earlier>, Problem> {
    let now = context.now();
    let take = sql("INSERT INTO idempotency_keys AS k (scope, key, fingerprint, locked_until, expires_at) \
         VALUES ($1, $2, $3, $5, $6) \
         ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, state = 'in_flight', \
             status = NULL, headers = NULL, body = NULL, \
             locked_until = excluded.locked_until, expires_at = excluded.expires_at \
         WHERE k.expires_at <= $4 OR (k.state = 'in_flight' AND k.locked_until <= $4) \
         RETURNING true")
    .bind(held.scope.as_str())
    .bind(held.key.as_str())
    .bind(held.fingerprint.clone())
    .bind(now)
    .bind(now + CLAIM_MAX)
    .bind(now + KEPT_FOR)
    .unguarded();
    let look =
        sql("SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE scope = $1 AND key = $2")
            .bind(held.scope.as_str())
            .bind(held.key.as_str())
            .unguarded();
    let transaction = Transaction::of(vec![take, look]);
    let mut answers = context.bridge().transact(transaction).await?.into_iter();
    let (Some(taken), Some(seen)) = (answers.next(), answers.next()) else { return Ok(None) };
    if taken.affected > 0 {
        return Ok(None);
    }
    // A row that was freed between the two statements can't be seen by the second: the caller may retry.
    read(seen)?.map(Some).ok_or_else(overtaken)
}

fn read(seen: RowSet) -> Result<Option<Earlier>, Inconsistency> {
    Rows::new("idempotency_keys", seen).first(|row| {
        let fingerprint = row.take("fingerprint")?;
        let status: Option<StatusCode> = row.parse("status", |status: Option<i64>| match status {
            None => Some(None),
            Some(status) => StatusCode::from_u16(u16::try_from(status).ok()?).ok().map(Some),
        })?;
        let headers: Option<Json<BTreeMap<String, String>>> = row.take("headers")?;
        let body: Option<Vec<u8>> = row.take("body")?;
        let answer = status.map(|status| Answer {
            status,
            headers: headers.map(|Json(headers)| headers).unwrap_or_default(),
            body: body.unwrap_or_default(),
        });
        Ok(Earlier { fingerprint, answer })
    })
}
