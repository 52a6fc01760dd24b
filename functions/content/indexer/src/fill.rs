//! `POST /v1/search-indexes/{name}/videos`: the next page of videos is written to an index that is being built.

use axum::Extension;
use axum::extract::State;
use content_index::{IndexError, IndexName, Page, Settings};
use http::StatusCode;
use mcsp_function::{Context, FromPlatform, TraceParent};
use mcsp_ids::VideoId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where to go on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FillSearchIndex")]
pub(crate) struct FillRequest {
    /// The last video of the page before; none for the first page.
    after: Option<VideoId>,
}

/// A page that was written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SearchIndexPage")]
pub(crate) struct PageView {
    /// Videos that it had.
    #[schemars(example = 1_000)]
    written: u64,
    /// The last one; null where there is no further page.
    last: Option<VideoId>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/search-indexes/{name}/videos", fill)
        .named("fillSearchIndex", "Write a page of videos to a new search index")
        .described("A page may be written again: what the index has in a later version stays.")
        .answers(Answer::json::<PageView>(StatusCode::OK, "What was written."))
        .refuses([IndexError::NoEngine, IndexError::NoIndex, IndexError::Refused].map(Problem::from))
}

pub(crate) async fn fill(
    _: FromPlatform,
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    trace: TraceParent,
    Path(name): Path<IndexName>,
    Json(request): Json<FillRequest>,
) -> Result<Json<PageView>, Problem> {
    let Page { written, last } = settings.engine(&context, &trace).fill(&name, request.after).await?;
    Ok(Json(PageView { written, last }))
}
