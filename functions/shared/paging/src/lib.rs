//! Cursor pages: `{"items": […], "next_cursor": null}`.
//!
//! A list is read with `limit + 1` rows in the order of its key; the key of the last row that is shown
//! becomes the cursor. Cursors are opaque to callers and name a place, not a number of rows, so that a list
//! neither skips nor repeats items while others are added.
//!
//! A page ends where its items have [`ITEMS_MAX_BYTES`], however many it may have: an answer has room for no more.

mod budget;
mod fitting;
mod parts;

pub use budget::{Budget, ITEMS_MAX_BYTES};
pub use fitting::{Fitting, Packed};
pub use parts::{ROWS_AT_ONCE, in_parts};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::convert::Infallible;

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

    /// How many rows are shown at the most.
    pub fn shown(self) -> usize {
        self.0 as usize
    }

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
            "description": "How many items the page may have. It has fewer where they are long: `next_cursor` alone tells \
                whether there are more.",
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

impl<T: Serialize> Page<Packed<T>> {
    /// Makes a page of at most `limit + 1` rows that were read, of as many as fit. `key` tells a row's place in the order, `show` what
    /// is shown of it.
    pub fn new<R, K: Serialize>(
        rows: Vec<R>,
        limit: Limit,
        key: impl Fn(&R) -> K,
        mut show: impl FnMut(R) -> T,
    ) -> Self {
        let Ok(page) = Self::try_new(rows, limit, key, |row| Ok::<_, Infallible>(Some(show(row))));
        page
    }

    /// The same where showing a row may fail, or there may be nothing to show of it.
    pub fn try_new<R, K: Serialize, E>(
        rows: Vec<R>,
        limit: Limit,
        key: impl Fn(&R) -> K,
        mut show: impl FnMut(R) -> Result<Option<T>, E>,
    ) -> Result<Self, E> {
        let mut more = rows.len() > limit.shown();
        let (mut items, mut seen) = (Fitting::<T>::default(), None);
        for row in rows.into_iter().take(limit.shown()) {
            let place = key(&row);
            if let Some(item) = show(row)?
                && !items.take(&item)
            {
                more = true;
                break;
            }
            seen = Some(place);
        }
        let next_cursor = seen.filter(|_| more).map(|place| Cursor(place).encode());
        Ok(Page { items: items.into_items(), next_cursor })
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

    /// What a client has of a page: its items, and the place at which it goes on.
    fn received<I: DeserializeOwned>(page: &Page<Packed<I>>) -> (Vec<I>, Option<Cursor<u32>>) {
        let page: serde_json::Value = serde_json::from_str(&serde_json::to_string(page).unwrap()).unwrap();
        let next = serde_json::from_value(page["next_cursor"].clone()).unwrap();
        (serde_json::from_value(page["items"].clone()).unwrap(), next)
    }

    /// All items of a list of these rows, page by page, as `show` shows them, and on how many pages.
    fn walk<I: Serialize + DeserializeOwned>(
        rows: u32,
        limit: Limit,
        show: impl Fn(u32) -> Option<I>,
    ) -> (Vec<I>, usize) {
        let (mut seen, mut pages) = (Vec::new(), 0);
        let mut after: Option<Cursor<u32>> = None;
        loop {
            let unseen = (0..rows).filter(|row| after.is_none_or(|Cursor(after)| *row > after));
            let read: Vec<u32> = unseen.take(limit.rows_to_read() as usize).collect();
            let page = Page::try_new(read, limit, |row| *row, |row| Ok::<_, Infallible>(show(row))).unwrap();
            let (items, next) = received(&page);
            assert!(items.len() <= limit.shown());
            seen.extend(items);
            pages += 1;
            if next.is_none() {
                return (seen, pages);
            }
            after = next;
        }
    }

    #[test]
    fn walking_by_cursor_sees_each_row_once() {
        assert_eq!(walk(45, Limit::default(), Some), ((0..45).collect(), 3));
        assert_eq!(walk(40, Limit::default(), Some), ((0..40).collect(), 2));
        assert_eq!(walk(0, Limit::default(), Some), (Vec::new(), 1));
    }

    #[test]
    fn a_page_ends_where_the_next_item_does_not_fit_and_the_next_one_goes_on_there() {
        let long = |row: u32| Some((row, "x".repeat(200 * 1024)));
        let (seen, pages) = walk(7, Limit::MAX, long);
        assert_eq!(seen.iter().map(|(row, _)| *row).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        assert_eq!(pages, 4, "two on each");
        // What JSON writes with more bytes counts with these.
        assert_eq!(walk(4, Limit::MAX, |row| Some((row, "\n".repeat(200 * 1024)))).1, 4);
        assert_eq!(walk(4, Limit::MAX, |row| Some((row, "x".repeat(10)))).1, 1);
    }

    #[test]
    fn an_item_that_is_longer_than_a_page_is_one() {
        let (seen, pages) = walk(3, Limit::MAX, |row| Some((row, "x".repeat(600 * 1024))));
        assert_eq!((seen.len(), pages), (3, 3));
    }

    #[test]
    fn rows_of_which_nothing_is_shown_are_passed() {
        let (seen, pages) = walk(45, Limit::default(), |row| (row % 2 == 0).then_some(row));
        assert_eq!((seen, pages), ((0..45).filter(|row| row % 2 == 0).collect::<Vec<_>>(), 3));
        // Those between two long ones too.
        let (seen, pages) = walk(9, Limit::MAX, |row| (row % 4 == 0).then(|| (row, "x".repeat(300 * 1024))));
        assert_eq!((seen.len(), pages), (3, 3));
    }

    #[test]
    fn a_page_has_the_schema_of_its_items() {
        let schema = |generated: Schema| serde_json::to_value(generated).unwrap();
        assert_eq!(
            schema(schemars::schema_for!(Page<Packed<Limit>>)),
            schema(schemars::schema_for!(Page<Limit>))
        );
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        for text in ["", "x", "!!", &URL_SAFE_NO_PAD.encode("\"a\"")] {
            assert!(serde_json::from_value::<Cursor<u32>>(text.into()).is_err(), "{text}");
        }
    }
}
