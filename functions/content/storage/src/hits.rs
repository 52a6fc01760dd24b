//! Full text search on Postgres.

use crate::ReadError;
use crate::row::{COLUMNS, read};
use crate::search::{Count, FACET_VALUES_MAX, Facets, Filters, Hit, Place, Search};
use crate::videos::all;
use content_domain::{Region, Term, Terms, Video};
use mcsp_bridge_api::postgres::Value;
use mcsp_bridge_api::sql::{Rows, Sql, sql};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_paging::{Limit, ROWS_AT_ONCE, in_parts};

/// `content_domain::decide` for search, in SQL, word for word as the indexes have it, but for regions, which are the viewer's. A
/// test compares them.
pub(crate) const FINDABLE: &str = "state = 'published' AND visibility = 'public'";
/// What words of titles and of tags are marked with in the column `search`.
const IN_TITLE: &str = "A";
const IN_TAGS: &str = "B";
const ANYWHERE: &str = "";

/// The hits in their order, with the one that tells of a next page.
pub async fn search(context: &Context, search: &Search, limit: Limit) -> Result<Vec<Hit>, ReadError> {
    let read = |after, rows| part(context, search, after, rows);
    in_parts(limit, search.after, |hit: &Hit| hit.place, read).await
}

async fn part(
    context: &Context,
    search: &Search,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<Hit>, ReadError> {
    let set = context.bridge().query(hits(search, after, rows).into()).await?;
    let hits = Rows::new("videos", set).map(|row| {
        let video = read(row)?;
        let (score, published_at) = (row.take("score")?, row.take("published_at")?);
        let place = Place { score, published_at, id: video.origin.id, near: search.near_will_do };
        Ok(Hit { video: Some(video), place })
    })?;
    Ok(hits)
}

/// What all that is found has, behind the last hit that was seen and before.
pub async fn facets(context: &Context, search: &Search) -> Result<Facets, ReadError> {
    let set = context.bridge().query(counts(search).into()).await?;
    let counts = Rows::new("videos", set).map(|row| {
        Ok((row.take::<String>("facet")?, row.take::<Option<String>>("value")?, row.take::<u64>("count")?))
    })?;
    let mut facets = Facets::default();
    for (facet, value, count) in counts {
        let counted = value.map(|value| Count { value, count });
        match facet.as_str() {
            "category" => facets.categories.extend(counted),
            "language" => facets.languages.extend(counted),
            "tag" => facets.tags.extend(counted),
            _ => facets.total = count,
        }
    }
    Ok(facets)
}

/// Those of these videos that search may show to who is there, in no order.
pub async fn findable(
    context: &Context,
    ids: &[VideoId],
    region: Option<&Region>,
) -> Result<Vec<Video>, ReadError> {
    let mut videos = Vec::new();
    for ids in ids.chunks(ROWS_AT_ONCE as usize) {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let mut values = Values::default();
        let (ids, admitted) = (values.bind(ids), admitted(region, &mut values));
        let text =
            format!("SELECT {COLUMNS} FROM videos WHERE id = ANY ({ids}) AND {FINDABLE} AND {admitted}");
        videos.extend(all(context, values.into_sql(&text)).await?);
    }
    Ok(videos)
}

/// So many, from behind this place on.
fn hits(search: &Search, after: Option<Place>, rows: i64) -> Sql {
    let mut values = Values::default();
    let found = found(search, &mut values);
    let points: Vec<String> = search.scores().map(|term| points(term, &mut values)).collect();
    let (score, order, descending) = if points.is_empty() {
        ("NULL::bigint".to_owned(), "", "")
    } else {
        (format!("({})::bigint", points.join(" + ")), "score, ", "score DESC, ")
    };
    let mut behind = String::new();
    if let Some(Place { score, published_at, id, .. }) = after {
        let score = if points.is_empty() { String::new() } else { format!("{}, ", values.bind(score)) };
        let (published_at, id) = (values.bind(published_at), values.bind(id.uuid()));
        behind = format!("WHERE ({order}first_published_at, id) < ({score}{published_at}, {id})");
    }
    let limit = values.bind(rows);
    values.into_sql(&format!(
        "SELECT {COLUMNS}, score, first_published_at FROM \
         (SELECT {COLUMNS}, {score} AS score FROM videos WHERE {found}) AS hits {behind} \
         ORDER BY {descending}first_published_at DESC, id DESC LIMIT {limit}"
    ))
}

fn counts(search: &Search) -> Sql {
    let mut values = Values::default();
    let found = found(search, &mut values);
    // Byte by byte, as other backends break ties.
    let most = |facet: &str, value: &str, from: &str| {
        format!(
            "(SELECT '{facet}' AS facet, {value} AS value, count(*) AS count FROM {from} \
             WHERE {value} IS NOT NULL GROUP BY {value} \
             ORDER BY count DESC, {value} COLLATE \"C\" LIMIT {FACET_VALUES_MAX})"
        )
    };
    values.into_sql(&format!(
        "WITH hits AS MATERIALIZED (SELECT category, language, tags FROM videos WHERE {found}) \
         {} UNION ALL {} UNION ALL {} UNION ALL SELECT 'total', NULL, count(*) FROM hits",
        most("category", "category", "hits"),
        most("language", "language", "hits"),
        most("tag", "tag", "hits, unnest(tags) AS tag"),
    ))
}

/// The condition for what is found. Only values are bound; the text is put together from what stands here.
fn found(search: &Search, values: &mut Values) -> String {
    let mut found = vec![FINDABLE.to_owned(), admitted(search.region.as_ref(), values)];
    if let Some(terms) = &search.terms {
        found.push(matching(search, terms, values));
    }
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
    let mut filter = |condition: &str, value: Option<Value>| {
        found.extend(value.map(|value| format!("{condition} {}", values.bind(value))));
    };
    filter("language =", language.as_ref().map(|language| language.as_str().into()));
    filter("category =", category.as_ref().map(|category| category.as_str().into()));
    filter("tags @>", tag.as_ref().map(|tag| vec![tag.as_str().to_owned()].into()));
    filter("owner_id =", owner.map(|owner| owner.uuid().into()));
    filter("duration_ms >=", min_duration_ms.map(Value::from));
    filter("duration_ms <=", max_duration_ms.map(Value::from));
    filter("first_published_at >=", published_from.map(Value::from));
    filter("first_published_at <", published_before.map(Value::from));
    found.join(" AND ")
}

/// The condition for what is shown there; where that is not known, for what is shown everywhere.
fn admitted(region: Option<&Region>, values: &mut Values) -> String {
    let Some(region) = region else { return "regions_allow = '{}' AND regions_deny = '{}'".to_owned() };
    let region = values.bind(region.as_str());
    format!("(regions_allow = '{{}}' OR {region} = ANY (regions_allow)) AND {region} <> ALL (regions_deny)")
}

fn matching(search: &Search, terms: &Terms, values: &mut Values) -> String {
    let place = if search.titles_only { IN_TITLE } else { ANYWHERE };
    if terms.alternatives().is_empty() {
        return "false".to_owned();
    }
    if !search.near_will_do {
        let alternatives = terms.alternatives().iter().map(|terms| {
            let terms: Vec<_> = terms.iter().map(|term| asked(term, place)).collect();
            terms.join(" & ")
        });
        let query: Vec<_> = alternatives.collect();
        return format!("search @@ {}", values.bind_query(query.join(" | ")));
    }
    let alternatives = terms.alternatives().iter().map(|terms| {
        let terms: Vec<_> = terms.iter().map(|term| near(term, place, values)).collect();
        terms.join(" AND ")
    });
    let alternatives: Vec<_> = alternatives.collect();
    format!("({})", alternatives.join(" OR "))
}

fn near(term: &Term, place: &str, values: &mut Values) -> String {
    let exact = format!("search @@ {}", values.bind_query(asked(term, place)));
    match term.near() {
        Some(words) => format!("({exact} OR near && {})", values.bind_unseen(words, "")),
        None => exact,
    }
}

fn points(term: &Term, values: &mut Values) -> String {
    let mut points =
        |place, points: u32| format!("(search @@ {})::int * {points}", values.bind_query(asked(term, place)));
    let (in_title, in_tags) =
        (points(IN_TITLE, Search::POINTS_IN_TITLE), points(IN_TAGS, Search::POINTS_IN_TAGS));
    format!("{in_title} + {in_tags}")
}

/// A term as a `tsquery`. Words hold letters, digits and marks: nothing that would have to be escaped.
fn asked(term: &Term, place: &str) -> String {
    let beginning = if term.is_beginning { "*" } else { "" };
    let marks = format!("{beginning}{place}");
    let marks = if marks.is_empty() { marks } else { format!(":{marks}") };
    let words: Vec<_> = term.words.iter().map(|word| format!("'{word}'{marks}")).collect();
    let excluded = if term.is_excluded { "!" } else { "" };
    format!("{excluded}({})", words.join(" <-> "))
}

/// The values of a statement that is being put together.
#[derive(Default)]
struct Values(Vec<Value>);

impl Values {
    /// Gives its place in the statement.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn bind_query(&mut self, query: String) -> String {
        self.bind_unseen(query, "::text::tsquery")
    }

    /// As a value that the planner does not look at. Whatever is searched for, its index is the way to it, and what is found is
    /// ranked whole: a plan for each word would be the same plan, and making it takes longer than searching.
    fn bind_unseen(&mut self, value: impl Into<Value>, cast: &str) -> String {
        format!("(SELECT {}{cast})", self.bind(value))
    }

    fn into_sql(self, text: &str) -> Sql {
        self.0.into_iter().fold(sql(text), Sql::bind)
    }
}
