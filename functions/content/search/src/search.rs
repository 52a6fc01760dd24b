//! `GET /v1/search`: published public videos by words and filters, whoever asks.

use crate::request::{ForeignCursor, SearchRequest};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::VideoView;
use content_storage::{self as storage, Hit};
use http::{HeaderName, StatusCode};
use mcsp_function::Context;
use mcsp_paging::Page;
use mcsp_problem::{FieldError, Json, Problem, Query};
use mcsp_reference::{Answer, Operation};

/// What has answered, since another backend may rank in another way.
const BACKEND: (HeaderName, &str) = (HeaderName::from_static("search-backend"), "postgres");

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/search", search)
        .named("searchVideos", "Search for videos")
        .described("Published public videos by words and filters. Whoever asks gets the same answer.")
        .answers(Answer::json::<Page<VideoView>>(StatusCode::OK, "A page of videos.").with(BACKEND.0))
}

pub(crate) async fn search(
    State(context): State<Context>,
    Query(request): Query<SearchRequest>,
) -> Result<Response, Problem> {
    let limit = request.limit;
    let hits = storage::search(&context, &request.into_search()?, limit).await?;
    let page = Page::new(hits, limit, |hit: &Hit| hit.place).map(|hit| VideoView::from(&hit.video));
    Ok(([BACKEND], Json(page)).into_response())
}

impl From<ForeignCursor> for Problem {
    fn from(error: ForeignCursor) -> Self {
        let error = FieldError {
            pointer: None,
            parameter: Some("cursor".to_owned()),
            code: "invalid_value",
            detail: error.to_string(),
        };
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "the query does not have the expected form")
            .with_errors(vec![error])
    }
}
