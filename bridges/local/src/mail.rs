//! A stand-in for what sends mails: it catches them, and shows them. Nothing is sent.
//!
//! `POST /v1/messages` takes `{"to", "subject", "text", "category"}` with an `Idempotency-Key`; the same key again is
//! the same mail. `GET /v1/messages?to=…` gives what was caught, `GET /` shows it to people.

use crate::error::LocalError;
use crate::http_server::HttpServer;
use crate::state_dir::StateDir;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::Service;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const NAME: &str = "mail";
/// Mails that are kept; the oldest goes first.
const KEPT_MAX: usize = 10_000;
/// Mails on the page for people.
const SHOWN_MAX: usize = 100;
const MAIL_MAX_BYTES: usize = 64 * 1024;
const KEY_MAX_BYTES: usize = 255;

/// A running stand-in.
#[derive(Debug)]
pub struct Mail {
    port: u16,
    server: tokio::sync::Mutex<HttpServer>,
}

/// A mail as it is handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    to: String,
    subject: String,
    text: String,
    category: String,
}

#[derive(Debug)]
struct Caught {
    key: String,
    message: Message,
}

#[derive(Clone, Debug, Default)]
struct Mailbox(Arc<Mutex<VecDeque<Caught>>>);

impl Mail {
    pub(crate) async fn launch(state: &StateDir) -> Result<Self, LocalError> {
        let port = state.port(NAME)?;
        let server = HttpServer::start(NAME, port, Mailbox::default()).await?;
        Ok(Self { port, server: tokio::sync::Mutex::new(server) })
    }

    /// Stops serving, and forgets all.
    pub async fn stop(&self) {
        self.server.lock().await.stop().await;
    }

    /// `http://host:port`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Service<Request<Incoming>> for Mailbox {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mailbox = self.clone();
        Box::pin(async move { Ok(mailbox.answer(request).await) })
    }
}

impl Mailbox {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method().clone(), request.uri().path()) {
            (Method::POST, "/v1/messages") => self.take(request).await,
            (Method::GET, "/v1/messages") => self.list(request.uri().query().unwrap_or_default()),
            (Method::GET, "/") => self.show(),
            _ => problem(StatusCode::NOT_FOUND, "not_found"),
        }
    }

    async fn take(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
        let Some(key) = key.filter(|key| (1..=KEY_MAX_BYTES).contains(&key.len())).map(str::to_owned) else {
            return problem(StatusCode::BAD_REQUEST, "idempotency_key_missing");
        };
        let Ok(body) = Limited::new(request.into_body(), MAIL_MAX_BYTES).collect().await else {
            return problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
        };
        let Ok(message) = serde_json::from_slice::<Message>(&body.to_bytes()) else {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "malformed_message");
        };
        let mut caught = self.lock();
        if !caught.iter().any(|other| other.key == key) {
            caught.push_back(Caught { key, message });
        }
        if caught.len() > KEPT_MAX {
            caught.pop_front();
        }
        answer(StatusCode::ACCEPTED, "application/json", "{}".to_owned())
    }

    /// Of one address, or all; the oldest first.
    fn list(&self, query: &str) -> Response<Full<Bytes>> {
        let to = query.split('&').find_map(|pair| pair.strip_prefix("to="));
        let to = to.map(|to| percent_encoding::percent_decode_str(to).decode_utf8_lossy().into_owned());
        let caught = self.lock();
        let fitting = caught.iter().map(|caught| &caught.message);
        let fitting: Vec<&Message> =
            fitting.filter(|message| to.as_ref().is_none_or(|to| message.to == *to)).collect();
        let body = serde_json::json!({ "items": fitting });
        answer(StatusCode::OK, "application/json", body.to_string())
    }

    /// The newest first.
    fn show(&self) -> Response<Full<Bytes>> {
        let mut page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Caught mail</title>\
             <h1>Caught mail</h1><p>Nothing here was sent. Load the page again for newer ones.</p>"
            .to_owned();
        for Caught { message, .. } in self.lock().iter().rev().take(SHOWN_MAX) {
            let Message { to, subject, text, .. } = message;
            let (to, subject, text) = (escaped(to), escaped(subject), escaped(text));
            // Writing to a String cannot fail.
            let _ = write!(page, "<article><h2>{subject}</h2><p>To: {to}</p><pre>{text}</pre></article>");
        }
        let mut shown = answer(StatusCode::OK, "text/html; charset=utf-8", page);
        let nothing = HeaderValue::from_static("default-src 'none'");
        shown.headers_mut().insert(CONTENT_SECURITY_POLICY, nothing);
        shown
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Caught>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A problem document (RFC 9457).
fn problem(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let document = serde_json::json!({ "status": status.as_u16(), "code": code });
    answer(status, "application/problem+json", document.to_string())
}
