//! Requests to the platform, each shown with its answer and time.

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use std::time::Instant;

/// What is shown of a body.
const SHOWN_CHARS: usize = 160;

/// The platform.
pub(super) struct Api {
    url: String,
    client: Client,
}

/// A step that is about to be taken.
pub(super) struct Step<'a> {
    api: &'a Api,
    name: String,
    token: Option<String>,
}

impl Api {
    pub(super) fn new(url: String) -> Self {
        Api { url, client: Client::new() }
    }

    /// Names the next step.
    pub(super) fn step(&self, name: &str) -> Step<'_> {
        Step { api: self, name: name.to_owned(), token: None }
    }

    /// A request that is not shown: one of many that wait for something.
    pub(super) async fn quietly(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        read(self.request(method, path, token).send().await?).await
    }

    /// Tries to start watching, and ends what was started.
    pub(super) async fn start_quietly(&self, token: &str, body: &Value) -> anyhow::Result<StatusCode> {
        let request = self.request(Method::POST, "/v1/playback/sessions", Some(token)).json(body);
        let (status, session) = read(request.send().await?).await?;
        if let Some(id) = session["id"].as_str() {
            self.quietly(Method::DELETE, &format!("/v1/playback/sessions/{id}"), Some(token)).await?;
        }
        Ok(status)
    }

    /// Sends bytes to a signed URL.
    pub(super) async fn put(&self, url: &str, headers: &Value, bytes: Vec<u8>) -> anyhow::Result<()> {
        let begun = Instant::now();
        let length = bytes.len();
        let mut request = self.client.put(url).body(bytes);
        for (name, value) in headers.as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let status = request.send().await?.status();
        let place = url.split('?').next().unwrap_or(url);
        show("PUT a part", &format!("PUT {place}?… ({length} bytes)"), status, "", begun);
        ensure!(status.is_success(), "the object store refused the part: {status}");
        Ok(())
    }

    /// Fetches a URL that must be refused.
    pub(super) async fn refused(&self, name: &str, url: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let (status, problem) = read(self.client.get(url).send().await?).await?;
        show(name, &format!("GET {}", shortened(url)), status, &problem.to_string(), begun);
        ensure!(status == StatusCode::FORBIDDEN, "it was not refused");
        Ok(())
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Step<'_> {
    /// Takes the step in someone's name.
    pub(super) fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// GET.
    pub(super) async fn get(self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// POST; no body where it is null.
    pub(super) async fn json(self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body).filter(|body| !body.is_null())).await
    }

    /// Sends, shows, and gives the body of a success.
    pub(super) async fn send(
        self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let begun = Instant::now();
        let request = self.api.request(method.clone(), path, self.token.as_deref());
        // A repeated demo is a new one: so is each key.
        let mut request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("no answer from {}", self.api.url))?;
        let (status, answer) = read(response).await?;
        let sent = body.map(|body| format!(" {}", without_secrets(body))).unwrap_or_default();
        let received = if answer.is_null() { String::new() } else { without_secrets(&answer) };
        show(&self.name, &format!("{method} {path}{sent}"), status, &received, begun);
        if !status.is_success() {
            bail!("{}: {status} {answer}", self.name);
        }
        Ok(answer)
    }
}

async fn read(response: reqwest::Response) -> anyhow::Result<(StatusCode, Value)> {
    let status = response.status();
    Ok((status, serde_json::from_slice(&response.bytes().await?).unwrap_or_default()))
}

/// A text of an answer.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    value[name].as_str().with_context(|| format!("the answer has no `{name}`: {value}"))
}

fn show(name: &str, request: &str, status: StatusCode, answer: &str, begun: Instant) {
    println!("\n{:>6.0} ms  {name}", begun.elapsed().as_secs_f64() * 1e3);
    println!("     > {}", shortened(request));
    println!("     < {} {}", status.as_u16(), shortened(answer));
}

fn without_secrets(value: &Value) -> String {
    let mut value = value.clone();
    for name in ["password", "access_token"] {
        if let Some(secret) = value.get_mut(name) {
            *secret = Value::from("…");
        }
    }
    value.to_string()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}
