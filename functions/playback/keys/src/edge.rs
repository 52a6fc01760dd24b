//! `GET /v1/edge-keys`: what the edge must know to check playback URLs. These are secrets: whoever has them can sign
//! any URL, so that they go to the platform's own token alone, and to no cache.

use crate::rotate::Rotating;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_function::{Context, FromPlatform};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use playback_keyring::UnusableKey;
use schemars::JsonSchema;
use serde::Serialize;

/// All keys whose URLs are good.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EdgeKeys {
    /// The newest first.
    keys: Vec<EdgeKey>,
}

/// A key, with its secret.
#[derive(Serialize, JsonSchema)]
struct EdgeKey {
    /// Which key: what URLs name in their token.
    #[schemars(example = &"rZ0xqKJm3F1bVtQa")]
    id: String,
    /// What it signs with: the bytes of this text.
    #[schemars(example = &"4c0VwT1b5k2sXnqGm3F8aJ7dRz0yLhPe9uKiQtBvWxE")]
    secret: String,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/edge-keys", edge_keys)
        .named("getEdgeKeys", "Get the keys that the edge checks playback URLs with")
        .described(
            "For the job that gives them to the CDN, which shows the platform's token: all keys that are good, with those \
            that will sign. Ask at least each half minute, and go on with what you have where this does not answer. What it \
            gives is secret.",
        )
        .answers(
            Answer::json::<EdgeKeys>(StatusCode::OK, "All that the edge must believe.")
                .with(header::CACHE_CONTROL),
        )
}

/// As Postgres has them, or not at all: with fewer keys the edge would refuse URLs that are good.
pub(crate) async fn edge_keys(
    _: FromPlatform,
    State(context): State<Context>,
    Extension(rotating): Extension<Rotating>,
) -> Result<Response, Problem> {
    let keyring = &rotating.keyring;
    let keys = keyring.all(&context).await?;
    let good = keys.roles(context.now()).rev().filter(|(_, role)| role.is_published());
    let told = good.map(|(known, _)| keyring.secret(known));
    let told = told.map(|secret| secret.map(|secret| EdgeKey { id: secret.id, secret: secret.secret }));
    let keys = told.collect::<Result<_, UnusableKey>>().map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(EdgeKeys { keys })).into_response())
}
