//! `POST /v1/search-indexes/{name}/activate`: an index that is built is searched from now on, and the one before is removed.

use axum::Extension;
use axum::extract::State;
use content_index::{IndexError, IndexName, Settings};
use http::StatusCode;
use mcsp_function::{Context, FromPlatform, TraceParent};
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the index must have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ActivateSearchIndex")]
pub(crate) struct ActivateRequest {
    /// Videos that were written to it.
    #[schemars(example = 100_000)]
    videos: u64,
}

/// The index that is searched.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ActiveSearchIndex")]
pub(crate) struct ActiveView {
    /// Videos that it has, also those that search must not show.
    #[schemars(example = 100_003)]
    videos: u64,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/search-indexes/{name}/activate", activate)
        .named("activateSearchIndex", "Search a new index from now on")
        .described("Puts it in the place of the one that was searched, in one step, and removes that one.")
        .answers(Answer::json::<ActiveView>(StatusCode::OK, "The index is searched."))
        .refuses(
            [IndexError::NoEngine, IndexError::NoIndex, IndexError::Incomplete { documents: 0, videos: 0 }]
                .map(Problem::from),
        )
}

pub(crate) async fn activate(
    _: FromPlatform,
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    trace: TraceParent,
    Path(name): Path<IndexName>,
    Json(request): Json<ActivateRequest>,
) -> Result<Json<ActiveView>, Problem> {
    let videos = settings.engine(&context, &trace).activate(&name, request.videos).await?;
    Ok(Json(ActiveView { videos }))
}
