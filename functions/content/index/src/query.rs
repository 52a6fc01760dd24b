//! A search in the engine's words: what `content_storage` says in SQL, and with the same points.

use content_domain::{Region, Term, Terms};
use content_storage::{FACET_VALUES_MAX, Filters, Place, Search};
use serde_json::{Value, json};

const ANYWHERE: &str = "words";
const IN_TITLE: &str = "title_words";
const IN_TAGS: &str = "tag_words";
const ALLOWED: &str = "regions_allow";
const DENIED: &str = "regions_deny";

/// The body of a search for so many hits.
pub(crate) fn body(search: &Search, size: i64, wants_facets: bool) -> Value {
    let counted = wants_facets.then(|| {
        json!({"categories": counted("category"), "languages": counted("language"), "tags": counted("tags")})
    });
    let always = [
        ("size", json!(size)),
        ("query", json!({"bool": {"filter": filters(search), "should": points(search)}})),
        ("sort", order(search)),
        ("track_total_hits", json!(wants_facets)),
    ];
    let after = search.after.as_ref().map(|place| ("search_after", after(search, place)));
    always.into_iter().chain(after).chain(counted.map(|counted| ("aggs", counted))).collect()
}

fn order(search: &Search) -> Value {
    let mut order = vec![json!({"published_us": "desc"}), json!({"id": "desc"})];
    if search.by_relevance {
        order.insert(0, json!({"_score": "desc"}));
    }
    order.into()
}

fn after(search: &Search, place: &Place) -> Value {
    let mut after = vec![json!(place.published_at.as_microsecond()), json!(place.id.uuid().to_string())];
    if search.by_relevance {
        after.insert(0, json!(place.score));
    }
    after.into()
}

/// Ties byte by byte, as in Postgres.
fn counted(field: &str) -> Value {
    json!({"terms": {"field": field, "size": FACET_VALUES_MAX, "order": [{"_count": "desc"}, {"_key": "asc"}]}})
}

fn filters(search: &Search) -> Vec<Value> {
    let Filters {
        language,
        category,
        tag,
        owner,
        min_duration_ms,
        max_duration_ms,
        published_from,
        published_before,
    } = &search.filters;
    let is = |field: &str, value: Option<&str>| value.map(|value| json!({"term": {field: value}}));
    let range = |field: &str, bound: &str, value: Option<i64>| {
        value.map(|value| json!({"range": {field: {bound: value}}}))
    };
    let owner = owner.map(|owner| owner.uuid().to_string());
    let filters = [
        Some(json!({"term": {"is_findable": true}})),
        Some(admitted(search.region.as_ref())),
        search.terms.as_ref().map(|terms| matching(search, terms)),
        is("language", language.as_ref().map(|language| language.as_str())),
        is("category", category.as_ref().map(|category| category.as_str())),
        is("tags", tag.as_ref().map(|tag| tag.as_str())),
        is("owner_id", owner.as_deref()),
        range("duration_ms", "gte", *min_duration_ms),
        range("duration_ms", "lte", *max_duration_ms),
        range("published_us", "gte", published_from.map(|from| from.as_microsecond())),
        range("published_us", "lt", published_before.map(|before| before.as_microsecond())),
    ];
    filters.into_iter().flatten().collect()
}

/// What is shown there; where that is not known, what is shown everywhere.
fn admitted(region: Option<&Region>) -> Value {
    let names_any = |list: &str| json!({"exists": {"field": list}});
    let Some(region) = region else {
        return json!({"bool": {"must_not": [names_any(ALLOWED), names_any(DENIED)]}});
    };
    let names_it = |list: &str| json!({"term": {list: region.as_str()}});
    let allows_all = json!({"bool": {"must_not": [names_any(ALLOWED)]}});
    json!({"bool": {
        "should": [allows_all, names_it(ALLOWED)],
        "minimum_should_match": 1,
        "must_not": [names_it(DENIED)],
    }})
}

fn matching(search: &Search, terms: &Terms) -> Value {
    let field = if search.titles_only { IN_TITLE } else { ANYWHERE };
    let alternative = |terms: &Vec<Term>| {
        let (excluded, wanted): (Vec<_>, Vec<_>) = terms.iter().partition(|term| term.is_excluded);
        let all = |terms: Vec<&Term>| -> Vec<Value> {
            terms.into_iter().map(|term| asked(term, field, search.near_will_do)).collect()
        };
        json!({"bool": {"filter": all(wanted), "must_not": all(excluded)}})
    };
    match terms.alternatives() {
        [] => json!({"match_none": {}}),
        alternatives => {
            let alternatives: Vec<_> = alternatives.iter().map(alternative).collect();
            json!({"bool": {"should": alternatives, "minimum_should_match": 1}})
        }
    }
}

fn asked(term: &Term, field: &str, near_will_do: bool) -> Value {
    let exact = match term.words.as_slice() {
        [word] if term.is_beginning => json!({"prefix": {field: {"value": word}}}),
        words => json!({"match_phrase": {field: words.join(" ")}}),
    };
    match term.near().filter(|_| near_will_do) {
        Some(near) => {
            json!({"bool": {"should": [exact, {"terms": {"near": near}}], "minimum_should_match": 1}})
        }
        None => exact,
    }
}

fn points(search: &Search) -> Vec<Value> {
    let points = |term: &Term, field, points: u32| json!({"constant_score": {"filter": asked(term, field, false), "boost": points}});
    let both = |term: &Term| {
        [points(term, IN_TITLE, Search::POINTS_IN_TITLE), points(term, IN_TAGS, Search::POINTS_IN_TAGS)]
    };
    search.scores().flat_map(both).collect()
}
