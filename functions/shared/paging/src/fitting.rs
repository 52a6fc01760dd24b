//! Items of a page, as many as fit.

use crate::Budget;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::marker::PhantomData;

/// An item as JSON: it is written once, so that its length is known before the page is whole.
#[derive(Debug)]
pub struct Packed<T> {
    json: Result<Box<RawValue>, serde_json::Error>,
    item: PhantomData<fn() -> T>,
}

impl<T: Serialize> Packed<T> {
    /// Writes an item.
    pub fn of(item: &T) -> Self {
        Packed { json: to_raw_value(item), item: PhantomData }
    }
}

impl<T> Packed<T> {
    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.json.as_ref().map_or(0, |json| json.get().len())
    }
}

impl<T> Serialize for Packed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.json {
            Ok(json) => json.serialize(serializer),
            Err(error) => Err(S::Error::custom(error)),
        }
    }
}

/// That of the item.
impl<T: JsonSchema> JsonSchema for Packed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Items of a page, as many as fit into its [`Budget`].
#[derive(Debug)]
pub struct Fitting<T> {
    items: Vec<Packed<T>>,
    budget: Budget,
}

impl<T> Default for Fitting<T> {
    fn default() -> Self {
        Fitting { items: Vec::new(), budget: Budget::default() }
    }
}

impl<T: Serialize> Fitting<T> {
    /// Takes an item if it fits. The first one does.
    pub fn take(&mut self, item: &T) -> bool {
        let item = Packed::of(item);
        // With what parts it from the one before.
        let fits = self.budget.take(item.bytes() + 1);
        if fits {
            self.items.push(item);
        }
        fits
    }
}

impl<T> Fitting<T> {
    /// Those that were taken.
    pub fn items(&self) -> &[Packed<T>] {
        &self.items
    }

    /// Those that were taken.
    pub fn into_items(self) -> Vec<Packed<T>> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("broken"))
        }
    }

    #[test]
    fn an_item_is_written_as_it_is_and_what_fails_makes_the_page_fail() {
        let item = ("a \"b\"", 1.5, [Some(1), None]);
        let packed = Packed::of(&item);
        assert_eq!(serde_json::to_string(&packed).unwrap(), serde_json::to_string(&item).unwrap());
        assert_eq!(packed.bytes(), serde_json::to_string(&item).unwrap().len());
        assert!(serde_json::to_string(&[Packed::of(&Broken)]).is_err());
    }
}
