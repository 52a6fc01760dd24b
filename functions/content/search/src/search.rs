//! `GET /v1/search`: published public videos by words and filters, of those that are shown where the one who asks is.

use crate::backend::{Found, SEARCH_BACKEND, Searcher};
use crate::request::{ForeignCursor, SearchRequest};
use crate::view::{FacetsView, FoundView, ResultsView};
use axum::Extension;
use axum::response::{IntoResponse, Response};
use content_contract::viewer;
use content_images::Images;
use content_index::Settings;
use content_storage::Hit;
use http::StatusCode;
use mcsp_function::{MaybeCaller, TraceParent};
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use std::sync::Arc;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/search", search)
        .named("searchVideos", "Search for videos")
        .described(
            "Published public videos by words and filters, of those that are shown in the region that the access token says; without \
            one, of those that are shown in all regions. Where nothing has the words as they \
            are typed, those of titles and tags may have a letter more, fewer, another one, or two in each other's place \
            (`is_near`): words of four letters or more.",
        )
        .answers(Answer::json::<ResultsView>(StatusCode::OK, "A page of videos.").with(SEARCH_BACKEND))
}

pub(crate) async fn search(
    images: Images,
    Extension(settings): Extension<Arc<Settings>>,
    (MaybeCaller(caller), trace): (MaybeCaller, TraceParent),
    Query(request): Query<SearchRequest>,
) -> Result<Response, Problem> {
    let (limit, wants_facets) = (request.limit, request.facets);
    let search = request.into_search(viewer(caller.as_ref()).region().cloned())?;
    let searcher = Searcher { context: &images.context, trace: &trace, settings: &settings };
    let Found { search, hits, facets, backend } = searcher.find(search, limit, wants_facets).await?;
    let (words, is_near) = ((search.terms.as_ref(), search.near_will_do), search.near_will_do);
    let show = |hit: Hit| hit.video.map(|video| FoundView::new(&images, &video, words)).transpose();
    let page = Page::try_new(hits, limit, |hit: &Hit| hit.place, show)?;
    let results = ResultsView { page, is_near, facets: facets.map(FacetsView::from) };
    Ok((backend.header(), Json(results)).into_response())
}

impl From<ForeignCursor> for Problem {
    fn from(error: ForeignCursor) -> Self {
        Problem::invalid_parameter("cursor", error)
    }
}
