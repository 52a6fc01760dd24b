//! What owners say of their videos beside what there are fields for.

use crate::InvalidText;
use crate::labels::slug;
use crate::text::custom_value;
use std::collections::BTreeMap;

/// Fields of a video.
pub const CUSTOM_FIELDS_MAX: usize = 20;
/// Bytes of all keys and values of a video.
pub const CUSTOM_FIELDS_MAX_BYTES: usize = 16 * 1024;
/// Bytes of a key.
const KEY_MAX_BYTES: usize = 40;

/// Fields by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomFields(BTreeMap<String, String>);

impl CustomFields {
    /// Takes a field, in the place of one of the same key. A key is a slug of up to 40 characters, a value has 1 to 200 on one line.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), InvalidField> {
        let key = slug(key, KEY_MAX_BYTES).map_err(InvalidField::Key)?;
        let value = custom_value(value).map_err(InvalidField::Value)?;
        if self.0.len() == CUSTOM_FIELDS_MAX && !self.0.contains_key(&key) {
            return Err(InvalidField::Key(InvalidText::TooMany { max: CUSTOM_FIELDS_MAX }));
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// Whether all of them together are not too much to be said. Of what is kept nobody asks that.
    pub fn fit(&self) -> Result<(), InvalidText> {
        let bytes: usize = self.0.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes <= CUSTOM_FIELDS_MAX_BYTES {
            Ok(())
        } else {
            Err(InvalidText::TooManyBytes { max: CUSTOM_FIELDS_MAX_BYTES })
        }
    }

    /// The fields, by their keys.
    pub const fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Why a field is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// Its key, or one more of them.
    #[error(transparent)]
    Key(InvalidText),
    /// What it says.
    #[error(transparent)]
    Value(InvalidText),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_slugs_values_are_visible_and_both_are_bounded() {
        let mut fields = CustomFields::default();
        assert_eq!(fields.set("camera", " Cafe\u{301} "), Ok(()));
        assert_eq!(fields.as_map()["camera"], "Café");
        let set = |key: &str, value: &str| CustomFields::default().set(key, value);
        for key in ["", "Camera", "a b", "a_b", "-"] {
            assert_eq!(set(key, "v"), Err(InvalidField::Key(InvalidText::NotASlug)), "{key}");
        }
        assert_eq!(set(&"k".repeat(41), "v"), Err(InvalidField::Key(InvalidText::TooLong { max: 40 })));
        assert_eq!(set("k", &"é".repeat(200)), Ok(()));
        assert_eq!(set("k", &"é".repeat(201)), Err(InvalidField::Value(InvalidText::TooLong { max: 200 })));
        assert_eq!(set("k", "\u{200b}"), Err(InvalidField::Value(InvalidText::Blank)));
        assert_eq!(set("k", "a\nb"), Err(InvalidField::Value(InvalidText::ControlCharacter)));
    }

    #[test]
    fn there_are_20_at_most() {
        let mut fields = CustomFields::default();
        for n in 0..CUSTOM_FIELDS_MAX {
            fields.set(&format!("k{n}"), "v").unwrap();
        }
        assert_eq!(fields.set("k0", "another"), Ok(()));
        let one_more = fields.set("k20", "v");
        assert_eq!(one_more, Err(InvalidField::Key(InvalidText::TooMany { max: 20 })));
    }

    #[test]
    fn all_of_them_have_16_kib_at_most() {
        let mut fields = CustomFields::default();
        let cluster = "\u{1f468}\u{200d}\u{1f469}";
        for n in 0..14 {
            // 2 or 3 bytes of a key, and 1,100 of a value.
            fields.set(&format!("k{n}"), &cluster.repeat(100)).unwrap();
        }
        assert_eq!(fields.fit(), Ok(()));
        fields.set("k14", &cluster.repeat(100)).unwrap();
        assert_eq!(fields.fit(), Err(InvalidText::TooManyBytes { max: 16_384 }));
        fields.set("k14", "v").unwrap();
        assert_eq!(fields.fit(), Ok(()));
    }
}
