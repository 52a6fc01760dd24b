//! Regions, as accounts and videos name them.

use std::fmt;

const MAX_BYTES: usize = 16;

/// A region: 1 to 16 ASCII letters, digits and hyphens, in lower case. `EU` and `eu` are the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region(String);

/// A text that names no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a region of 1 to 16 letters, digits and hyphens")]
pub struct InvalidRegion;

impl Region {
    /// Reads a region.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if text.is_empty() || text.len() > MAX_BYTES || !plain {
            return Err(InvalidRegion);
        }
        Ok(Region(text.to_ascii_lowercase()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_make_another_region() {
        assert_eq!(Region::parse("EU"), Region::parse("eu"));
    }

    #[test]
    fn what_could_be_mistaken_for_something_else_is_refused() {
        for text in ["", "e u", "eu:user", "a-region-with-a-long-name", "\n", "\u{e9}"] {
            assert_eq!(Region::parse(text), Err(InvalidRegion), "{text:?}");
        }
    }
}
