//! What answers: the search engine where there is one, and Postgres where there is none or it does not answer. Both give the same
//! answers, and what is shown is read from Postgres: an index that is late shows nothing that is not to be seen any more.

use content_domain::Region;
use content_index::{IndexError, Settings};
use content_storage::{self as storage, Facets, Hit, Place, ReadError, Search};
use http::{HeaderName, HeaderValue};
use mcsp_function::{Context, TraceParent, log};
use mcsp_paging::Limit;

/// What has answered.
pub(crate) const SEARCH_BACKEND: HeaderName = HeaderName::from_static("search-backend");

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Engine,
    Postgres,
}

/// What was found.
pub(crate) struct Found {
    /// What was looked for in the end.
    pub(crate) search: Search,
    /// With the one that tells of a next page.
    pub(crate) hits: Vec<Hit>,
    pub(crate) facets: Option<Facets>,
    pub(crate) backend: Backend,
}

/// Where to search, and in whose name.
#[derive(Clone, Copy)]
pub(crate) struct Searcher<'a> {
    pub(crate) context: &'a Context,
    pub(crate) trace: &'a TraceParent,
    pub(crate) settings: &'a Settings,
}

impl Backend {
    pub(crate) fn header(self) -> [(HeaderName, HeaderValue); 1] {
        let name = match self {
            Backend::Engine => "opensearch",
            Backend::Postgres => "postgres",
        };
        [(SEARCH_BACKEND, HeaderValue::from_static(name))]
    }
}

impl Searcher<'_> {
    /// Finds videos; where none has the words as they were typed, those whose words are near.
    pub(crate) async fn find(
        self,
        search: Search,
        limit: Limit,
        wants_facets: bool,
    ) -> Result<Found, ReadError> {
        match self.in_engine(search.clone(), limit, wants_facets).await {
            Ok(Some((search, found))) => {
                let hits = self.shown(found.places, search.region.as_ref()).await?;
                return Ok(Found { search, hits, facets: found.facets, backend: Backend::Engine });
            }
            Ok(None) => {}
            Err(error) => log::warn(self.trace, "search goes on without its engine", &error),
        }
        self.in_postgres(search, limit, wants_facets).await
    }

    async fn in_engine(
        self,
        search: Search,
        limit: Limit,
        wants_facets: bool,
    ) -> Result<Option<(Search, content_index::Found)>, IndexError> {
        let engine = self.settings.engine(self.context, self.trace);
        let Some(found) = engine.search(&search, limit, wants_facets).await? else { return Ok(None) };
        if !found.places.is_empty() || !may_be_near(&search) {
            return Ok(Some((search, found)));
        }
        let search = search.near();
        Ok(engine.search(&search, limit, wants_facets).await?.map(|found| (search, found)))
    }

    async fn in_postgres(
        self,
        mut search: Search,
        limit: Limit,
        wants_facets: bool,
    ) -> Result<Found, ReadError> {
        let mut hits = storage::search(self.context, &search, limit).await?;
        if hits.is_empty() && may_be_near(&search) {
            search = search.near();
            hits = storage::search(self.context, &search, limit).await?;
        }
        let facets = if wants_facets { Some(storage::facets(self.context, &search).await?) } else { None };
        Ok(Found { search, hits, facets, backend: Backend::Postgres })
    }

    /// What search may show of what the index has found.
    async fn shown(self, places: Vec<Place>, region: Option<&Region>) -> Result<Vec<Hit>, ReadError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = places.iter().map(|place| place.id).collect();
        let mut videos = storage::findable(self.context, &ids, region).await?;
        let mut video = |id| {
            let at = videos.iter().position(|video| video.origin.id == id)?;
            Some(videos.swap_remove(at))
        };
        Ok(places.into_iter().map(|place| Hit { video: video(place.id), place }).collect())
    }
}

/// Not behind a first page: what it has begun with goes on.
fn may_be_near(search: &Search) -> bool {
    search.after.is_none()
        && !search.titles_only
        && search.terms.as_ref().is_some_and(|terms| terms.have_near())
}
