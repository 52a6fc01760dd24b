//! The engine, as a target of calls.

use crate::document::SHAPE;
use crate::error::IndexError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_function::{Context, MissingVariable, TraceParent};
use serde_json::Value;

const TARGET: &str = "search";
/// How the bridge refuses a target without an address.
const WITHOUT_ADDRESS: &str = "unknown-target";

/// Where the index is, and who asks.
#[derive(Clone)]
pub struct Settings {
    name: String,
    alias: String,
    authorization: Option<String>,
    patience_ms: u32,
}

/// The engine, for the time of one request.
pub struct Engine<'a> {
    context: &'a Context,
    trace: &'a TraceParent,
    settings: &'a Settings,
}

/// What the engine is asked.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) body: Vec<u8>,
    pub(crate) deadline_ms: Option<u32>,
}

impl Ask<'_> {
    pub(crate) fn get(path: &str) -> Ask<'_> {
        Ask { method: "GET", path, body: Vec::new(), deadline_ms: None }
    }

    pub(crate) fn delete(path: &str) -> Ask<'_> {
        Ask { method: "DELETE", ..Ask::get(path) }
    }

    pub(crate) fn send<'a>(method: &'static str, path: &'a str, body: &Value) -> Ask<'a> {
        Ask { method, body: body.to_string().into_bytes(), ..Ask::get(path) }
    }
}

impl Settings {
    /// The variables `search_index`, `search_user` and `search_password` (without a user nobody signs in), and
    /// `search_patience_ms`.
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        let (user, password) = (context.variable("search_user")?, context.variable("search_password")?);
        let basic = || format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let authorization = (!user.is_empty()).then(basic);
        let patience_ms = context.variable("search_patience_ms")?.parse();
        let name = context.variable("search_index")?.to_owned();
        Ok(Settings {
            alias: alias(&name, SHAPE),
            name,
            authorization,
            patience_ms: patience_ms.map_err(|_not_a_number| MissingVariable("search_patience_ms"))?,
        })
    }

    /// The engine.
    pub fn engine<'a>(&'a self, context: &'a Context, trace: &'a TraceParent) -> Engine<'a> {
        Engine { context, trace, settings: self }
    }
}

impl Engine<'_> {
    pub(crate) fn context(&self) -> &Context {
        self.context
    }

    /// How long a search waits: Postgres answers after that.
    pub(crate) fn patience_ms(&self) -> u32 {
        self.settings.patience_ms
    }

    /// What is searched.
    pub(crate) fn alias(&self) -> &str {
        &self.settings.alias
    }

    /// What was searched before documents were what they are.
    pub(crate) fn aliases_before(&self) -> impl Iterator<Item = String> {
        (1..SHAPE).map(|shape| alias(&self.settings.name, shape))
    }

    /// All that is written to.
    pub(crate) fn written(&self) -> String {
        format!("{}-writes", self.alias())
    }

    /// Asks, and reads the answer.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Value, IndexError> {
        let header = |name: HeaderName, value: &str| (name.as_str().to_owned(), value.to_owned());
        let authorization = self.settings.authorization.as_deref();
        let headers = [header(header::CONTENT_TYPE, "application/json")]
            .into_iter()
            .chain(self.trace.forwarded())
            .chain(authorization.map(|value| header(header::AUTHORIZATION, value)));
        let request = Request {
            target: TARGET.to_owned(),
            method: ask.method.to_owned(),
            path: ask.path.to_owned(),
            headers: headers.collect(),
            body: ask.body,
            // Searches change nothing, and writes carry a version: a second one has no effect.
            idempotent: true,
            deadline_ms: ask.deadline_ms,
        };
        let response = match self.context.bridge().call(request).await {
            Ok(response) => response,
            Err(Failure::Refused(code)) if code == WITHOUT_ADDRESS => return Err(IndexError::NoEngine),
            Err(failure) => return Err(IndexError::Failed(failure)),
        };
        match response.status {
            200 | 201 => serde_json::from_slice(&response.body).map_err(IndexError::Unusable),
            404 => Err(IndexError::NoIndex),
            other => Err(IndexError::Answered(other)),
        }
    }
}

/// The first shape had no number.
fn alias(name: &str, shape: u32) -> String {
    if shape == 1 { name.to_owned() } else { format!("{name}-{shape}") }
}
