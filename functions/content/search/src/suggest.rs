//! `GET /v1/search/suggest`: titles for what is being typed, of the videos that search shows.

use crate::backend::{Backend, SEARCH_BACKEND, Searcher};
use crate::request::SuggestRequest;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::viewer;
use content_domain::{Title, Video};
use content_index::Settings;
use content_storage::Hit;
use http::StatusCode;
use mcsp_function::{Context, MaybeCaller, TraceParent};
use mcsp_paging::Limit;
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// What fits under a field.
const SUGGESTIONS_MAX: usize = 10;

/// Titles for what is being typed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Suggestions")]
pub(crate) struct SuggestionsView {
    /// Up to ten, each once, of the newest videos first.
    items: Vec<SuggestionView>,
}

/// Something to look for.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Suggestion")]
struct SuggestionView {
    /// A video's title.
    #[schemars(example = &"A walk in the hills")]
    title: String,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/search/suggest", suggest)
        .named("suggestTitles", "Suggest what to search for")
        .described(
            "Titles of the videos that search shows to who asks, with the words in them that were typed.",
        )
        .answers(Answer::json::<SuggestionsView>(StatusCode::OK, "The suggestions.").with(SEARCH_BACKEND))
}

pub(crate) async fn suggest(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    (MaybeCaller(caller), trace): (MaybeCaller, TraceParent),
    Query(request): Query<SuggestRequest>,
) -> Result<Response, Problem> {
    let (hits, backend) = match request.into_search(viewer(caller.as_ref()).region().cloned()) {
        Some(search) => {
            let searcher = Searcher { context: &context, trace: &trace, settings: &settings };
            let found = searcher.find(search, Limit::default(), false).await?;
            (found.hits, found.backend)
        }
        None => (Vec::new(), Backend::Postgres),
    };
    Ok((backend.header(), Json(SuggestionsView { items: titles(&hits) })).into_response())
}

fn titles(hits: &[Hit]) -> Vec<SuggestionView> {
    let title = |video: &Video| video.details.title.as_ref().map(Title::as_str).map(str::to_owned);
    let mut seen = Vec::new();
    let titles = hits.iter().filter_map(|hit| hit.video.as_ref()).filter_map(title).filter(|title| {
        let title = title.to_lowercase();
        let is_new = !seen.contains(&title);
        seen.push(title);
        is_new
    });
    titles.take(SUGGESTIONS_MAX).map(|title| SuggestionView { title }).collect()
}
