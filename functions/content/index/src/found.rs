//! What the engine finds.

use crate::engine::{Ask, Engine};
use crate::error::IndexError;
use crate::query;
use content_storage::{Count, Facets, Place, Search};
use jiff::Timestamp;
use mcsp_ids::VideoId;
use mcsp_paging::Limit;
use serde::Deserialize;
use serde::de::Error;
use serde_json::Value;
use uuid::Uuid;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// In their order, with the one that tells of a next page.
    pub places: Vec<Place>,
    /// Where they were asked for.
    pub facets: Option<Facets>,
}

#[derive(Deserialize)]
struct Answer {
    hits: Hits,
    aggregations: Option<Aggregations>,
}

#[derive(Deserialize)]
struct Hits {
    total: Option<Total>,
    hits: Vec<HitOf>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct HitOf {
    sort: Vec<Value>,
}

#[derive(Deserialize)]
struct Aggregations {
    categories: Buckets,
    languages: Buckets,
    tags: Buckets,
}

#[derive(Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
}

impl Engine<'_> {
    /// Searches the index; none where there is no engine, or no index yet.
    pub async fn search(
        &self,
        search: &Search,
        limit: Limit,
        wants_facets: bool,
    ) -> Result<Option<Found>, IndexError> {
        // A part of what there is is no answer.
        let path = format!("/{}/_search?allow_partial_search_results=false", self.alias());
        let body = query::body(search, limit.rows_to_read(), wants_facets);
        let ask = Ask { deadline_ms: Some(self.patience_ms()), ..Ask::send("POST", &path, &body) };
        match self.ask(ask).await {
            Ok(answer) => found(search, answer).map(Some).map_err(IndexError::Unusable),
            Err(IndexError::NoEngine | IndexError::NoIndex) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn found(search: &Search, answer: Value) -> Result<Found, serde_json::Error> {
    let Answer { hits, aggregations } = serde_json::from_value(answer)?;
    let places = hits.hits.iter().map(|hit| {
        place(search, &hit.sort).ok_or_else(|| serde_json::Error::custom("a hit has no place in the order"))
    });
    let facets = aggregations.map(|Aggregations { categories, languages, tags }| Facets {
        total: hits.total.map_or(0, |total| total.value),
        categories: counts(categories),
        languages: counts(languages),
        tags: counts(tags),
    });
    Ok(Found { places: places.collect::<Result<_, _>>()?, facets })
}

/// As it was asked to sort.
fn place(search: &Search, sort: &[Value]) -> Option<Place> {
    let (score, rest) = match sort {
        [score, rest @ ..] if search.by_relevance => (Some(score.as_f64()?), rest),
        rest => (None, rest),
    };
    let [published_us, id] = rest else { return None };
    Some(Place {
        // Points are small whole numbers.
        score: score.map(|score| score as i64),
        published_at: Timestamp::from_microsecond(published_us.as_i64()?).ok()?,
        id: VideoId::from_uuid(id.as_str()?.parse::<Uuid>().ok()?),
        near: search.near_will_do,
    })
}

fn counts(Buckets { buckets }: Buckets) -> Vec<Count> {
    buckets.into_iter().map(|Bucket { key, doc_count }| Count { value: key, count: doc_count }).collect()
}
