//! `POST /v1/search-indexes`: an index is begun, beside the one that is searched.

use axum::Extension;
use axum::extract::State;
use content_index::{IndexError, IndexName, Settings};
use content_storage as storage;
use http::StatusCode;
use mcsp_function::{Context, FromPlatform, TraceParent};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// An index that is being built.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SearchIndex")]
pub(crate) struct IndexView {
    /// What the next steps call it.
    #[schemars(example = &"mcsp-videos-0193a5c17b1e7c3d9f003c7a7d1a2b3c")]
    name: IndexName,
    /// About how many videos are to be written to it.
    #[schemars(example = 100_000)]
    videos: u64,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/search-indexes", begin)
        .named("beginSearchIndex", "Begin to build the search index anew")
        .described(
            "For whoever runs the platform, who shows the platform's token; `mcsp reindex` does it. Makes an empty index, which \
            gets all that changes from now on, and which nobody searches yet. One that was begun before and left off is removed.",
        )
        .answers(Answer::json::<IndexView>(StatusCode::CREATED, "The index."))
        .refuses([Problem::from(IndexError::NoEngine)])
}

pub(crate) async fn begin(
    _: FromPlatform,
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    trace: TraceParent,
) -> Result<(StatusCode, Json<IndexView>), Problem> {
    let name = settings.engine(&context, &trace).begin().await?;
    let videos = storage::videos_count(&context).await?;
    Ok((StatusCode::CREATED, Json(IndexView { name, videos })))
}
