//! Cursor pages: `{"items": […], "next_cursor": null}`.
//!
//! A list is read with `limit + 1` rows in the order of its key; the key of the last row that is shown
//! becomes the cursor. Cursors are opaque to callers and name a place, not a number of rows, so that a list
//! neither skips nor repeats items while others are added.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// Rows on a page where the caller does not say.
const LIMIT_DEFAULT: u32 = 20;
/// Rows on a page at most.
const LIMIT_MAX: u32 = 100;
/// What a cursor may look like.
const CURSOR_EXAMPLE: &str = "InZpZGVvXzAxa2I1dDR2MDBlOHB0eHoza2QwN2dxMnNuIg";

/// The `limit` of a list: 1 to 100, by default 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u32);

impl Limit {
    /// As many as there may be.
    pub const MAX: Limit = Limit(LIMIT_MAX);

    /// How many rows to read: one more than are shown, which tells whether there is a next page.
    pub fn rows_to_read(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Limit(LIMIT_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u32::deserialize(deserializer)?;
        if (1..=LIMIT_MAX).contains(&limit) {
            Ok(Limit(limit))
        } else {
            Err(D::Error::custom(format_args!("out of range, expected 1 to {LIMIT_MAX}")))
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "description": "How many items the page may have.",
            "minimum": 1,
            "maximum": LIMIT_MAX,
            "default": LIMIT_DEFAULT,
        })
    }
}

/// The `cursor` of a list: the key of the last row that the caller has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<K>(pub K);

impl<K: Serialize> Cursor<K> {
    /// As callers see it.
    pub fn encode(&self) -> String {
        // A key is made of ids, times and numbers: serialization has nothing to fail at.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .map(Cursor)
            .ok_or_else(|| D::Error::custom("unusable, expected a cursor that this list has given"))
    }
}

impl<K> JsonSchema for Cursor<K> {
    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The `next_cursor` of the page before. It is opaque, and good for this list only.",
            "examples": [CURSOR_EXAMPLE],
        })
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last.
    #[schemars(example = CURSOR_EXAMPLE)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit + 1` rows that were read; `key` tells a row's place in the order.
    pub fn new<K: Serialize>(mut rows: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> K) -> Self {
        let shown = limit.0 as usize;
        let more = rows.len() > shown;
        rows.truncate(shown);
        let next_cursor = rows.last().filter(|_| more).map(|last| Cursor(key(last)).encode());
        Page { items: rows, next_cursor }
    }

    /// The same page with other items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(n: &str) -> Option<Limit> {
        serde_json::from_str(n).ok()
    }

    #[test]
    fn a_limit_is_1_to_100() {
        assert_eq!(limit("1"), Some(Limit(1)));
        assert_eq!(limit("100"), Some(Limit(100)));
        for out_of_range in ["0", "101", "-1", "1.5"] {
            assert_eq!(limit(out_of_range), None, "{out_of_range}");
        }
    }

    #[test]
    fn walking_by_cursor_sees_each_row_once() {
        let rows: Vec<u32> = (0..45).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let unseen = rows.iter().copied().filter(|row| after.is_none_or(|Cursor(after)| *row > after));
            let page = Page::new(
                unseen.take(Limit::default().rows_to_read() as usize).collect(),
                Limit::default(),
                |r| *r,
            );
            seen.extend(page.items);
            let Some(next) = page.next_cursor else { break };
            after = Some(serde_json::from_value::<Cursor<u32>>(next.into()).unwrap());
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        for text in ["", "x", "!!", &URL_SAFE_NO_PAD.encode("\"a\"")] {
            assert!(serde_json::from_value::<Cursor<u32>>(text.into()).is_err(), "{text}");
        }
    }
}
