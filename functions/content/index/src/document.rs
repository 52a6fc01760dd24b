//! A video as the engine keeps it, and how it is told to.

use content_storage::{Content, Entry};
use serde_json::{Value, json};

/// Of what documents are. One more with each change of it: an index of another shape is none, until one of this shape is built.
pub(crate) const SHAPE: u32 = 2;
/// A search has to be answered by one shard: counts of several would be estimates. Videos are small, and there is room for
/// millions of them.
const SHARDS: u32 = 1;

/// The fields, and how they are searched. Words come as they are in Postgres, so nothing is to be analyzed but the spaces between
/// them; and nothing of a document is ever read.
pub(crate) fn settings(aliases: &[String]) -> Value {
    let words = json!({"type": "text", "analyzer": "whitespace", "norms": false});
    let (keyword, number) = (json!({"type": "keyword"}), json!({"type": "long"}));
    let aliases: Value = aliases.iter().map(|alias| (alias.as_str(), json!({}))).collect();
    json!({
        "aliases": aliases,
        // Until it is searched nobody waits for what is written.
        "settings": {"number_of_shards": SHARDS, "auto_expand_replicas": "0-1", "refresh_interval": "-1"},
        "mappings": {
            "dynamic": "strict",
            "_source": {"enabled": false},
            "properties": {
                "id": keyword,
                "is_findable": {"type": "boolean"},
                "words": words,
                "title_words": words,
                "tag_words": words,
                "near": keyword,
                "owner_id": keyword,
                "category": keyword,
                "language": keyword,
                "tags": keyword,
                "duration_ms": number,
                "published_us": number,
                "regions_allow": keyword,
                "regions_deny": keyword,
            },
        },
    })
}

/// The name of a video's document: sorts as ids do in Postgres.
pub(crate) fn name(entry: &Entry) -> String {
    entry.id.uuid().to_string()
}

pub(crate) fn document(entry: &Entry) -> Value {
    let Some(content) = &entry.content else { return json!({"is_findable": false}) };
    let Content {
        words,
        title_words,
        tag_words,
        near,
        owner,
        category,
        language,
        tags,
        duration_ms,
        published_at,
        regions_allow,
        regions_deny,
    } = content;
    json!({
        "id": name(entry),
        "is_findable": true,
        "words": words,
        "title_words": title_words,
        "tag_words": tag_words,
        "near": near,
        "owner_id": owner.uuid().to_string(),
        "category": category,
        "language": language,
        "tags": tags,
        "duration_ms": duration_ms,
        "published_us": published_at.as_microsecond(),
        "regions_allow": regions_allow,
        "regions_deny": regions_deny,
    })
}
