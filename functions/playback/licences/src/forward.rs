//! `POST /v1/playback/licences/{widevine,fairplay,playready}`: what only those who run a key system's server can answer is
//! handed on to that server, with the token.

use crate::body::LicenceRequest;
use crate::problems;
use crate::settings::Settings;
use crate::shown::{SERVED_FROM, STALE_MS, TokenQuery, granted, refusals};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mcsp_access::Permission;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_problem::{Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::KeySystem;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

const TARGET: &str = "licences";
/// How the bridge refuses a target without an address.
const WITHOUT_ADDRESS: &str = "unknown-target";
/// The first picture waits for it.
const DEADLINE_MS: u32 = 3_000;
const BYTES: &str = "application/octet-stream";

/// A key system that a licence server answers for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ForwardedKeySystem")]
pub(crate) enum Forwarded {
    /// Google's.
    Widevine,
    /// Apple's.
    FairPlay,
    /// Microsoft's.
    PlayReady,
}

impl From<Forwarded> for KeySystem {
    fn from(forwarded: Forwarded) -> Self {
        match forwarded {
            Forwarded::Widevine => KeySystem::Widevine,
            Forwarded::FairPlay => KeySystem::FairPlay,
            Forwarded::PlayReady => KeySystem::PlayReady,
        }
    }
}

/// What a key system and its server say to each other. Nothing here reads it.
#[derive(JsonSchema)]
#[schemars(rename = "LicenceMessage")]
#[expect(dead_code, reason = "only described")]
struct Message(#[schemars(extend("format" = "binary"))] String);

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/playback/licences/{key_system}", forward)
        .named("getLicence", "Get a licence for a protected video")
        .described(
            "Hands a key system's licence request on to the licence server of this platform, and gives its answer. A session of \
            a protected video names this path in `licences`, with a token that is good for five minutes and once, for the account \
            whose session it is. While the licence server gives nothing (503), the token stays good.",
        )
        .requires(Permission::PlaybackStart)
        .takes_body::<Message>(BYTES)
        .answers(
            Answer::of::<Message>(BYTES, StatusCode::OK, "The licence.")
                .with(header::CACHE_CONTROL)
                .with(SERVED_FROM)
                .with(STALE_MS),
        )
        .refuses(refusals())
        .refuses([problems::refused(), problems::not_offered(), problems::unavailable()])
}

pub(crate) async fn forward(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    trace: TraceParent,
    Path(key_system): Path<Forwarded>,
    Query(TokenQuery { token }): Query<TokenQuery>,
    LicenceRequest(body): LicenceRequest,
) -> Result<Response, Problem> {
    let system = KeySystem::from(key_system);
    let granted = granted(&context, &settings, &caller, &token, system)?;
    if body.is_empty() {
        return Err(problems::malformed());
    }
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        target: TARGET.to_owned(),
        method: "POST".to_owned(),
        path: format!("/{}", system.as_str()),
        // The server checks the token itself, and finds the keys and terms in it.
        headers: [header("authorization", &format!("Bearer {token}")), header("content-type", BYTES)]
            .into_iter()
            .chain(trace.forwarded())
            .collect(),
        body: body.to_vec(),
        idempotent: false,
        deadline_ms: Some(DEADLINE_MS),
    };
    let licence = licence(&context, request).await?;
    let served = granted.take(&context, &settings).await?;
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static(BYTES)),
    ];
    Ok((headers, served, licence).into_response())
}

async fn licence(context: &Context, request: Request) -> Result<Vec<u8>, Problem> {
    match context.bridge().call(request).await {
        Ok(response) => match response.status {
            200 => Ok(response.body),
            400..500 if response.status != 429 => Err(problems::refused()),
            status => Err(problems::unavailable().caused_by(&Unanswered(status))),
        },
        Err(Failure::Refused(code)) if code == WITHOUT_ADDRESS => Err(problems::not_offered()),
        Err(failure) => Err(problems::of_failure(&failure)),
    }
}

/// Something else than a licence or a no.
#[derive(Debug, thiserror::Error)]
#[error("the licence server answered with status {0}")]
struct Unanswered(u16);
