//! What a video is filed under.

use crate::InvalidText;
use serde::{Deserialize, Serialize};

/// Bytes of a category.
const CATEGORY_MAX_BYTES: usize = 40;

/// A category: a slug such as `film-and-animation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category(String);

/// A language: language, and where given script and region, of a BCP 47 tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Category {
    /// Checks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        slug(text, CATEGORY_MAX_BYTES).map(Category)
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Language {
    /// Checks the form, not the registry, and gives each subtag its customary case (RFC 5646 section 2.1.1).
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let mut subtags = text.split('-').peekable();
        let mut tag = subtags
            .next()
            .filter(|language| matches!(language.len(), 2 | 3) && is_alphabetic(language))
            .ok_or(InvalidText::NotALanguage)?
            .to_ascii_lowercase();
        if let Some(script) = subtags.next_if(|subtag| subtag.len() == 4 && is_alphabetic(subtag)) {
            let (first, rest) = script.split_at(1);
            tag.extend(["-", &first.to_ascii_uppercase(), &rest.to_ascii_lowercase()]);
        }
        if let Some(region) = subtags.next_if(|subtag| is_region(subtag)) {
            tag.extend(["-", &region.to_ascii_uppercase()]);
        }
        if subtags.next().is_none() { Ok(Language(tag)) } else { Err(InvalidText::NotALanguage) }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        Language::parse(&text)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

/// Checks that a text is a slug: `[a-z0-9]+(-[a-z0-9]+)*`.
pub(crate) fn slug(text: &str, bytes_max: usize) -> Result<String, InvalidText> {
    if text.len() > bytes_max {
        return Err(InvalidText::TooLong { max: bytes_max });
    }
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if text.split('-').all(is_word) { Ok(text.to_owned()) } else { Err(InvalidText::NotASlug) }
}

fn is_alphabetic(subtag: &str) -> bool {
    subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_region(subtag: &str) -> bool {
    (subtag.len() == 2 && is_alphabetic(subtag))
        || (subtag.len() == 3 && subtag.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_one_spelling() {
        for (text, tag) in [
            ("EN", "en"),
            ("pt-br", "pt-BR"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("yue", "yue"),
        ] {
            assert_eq!(Language::parse(text).unwrap().as_str(), tag);
        }
        for bad in ["", "e", "english", "en-", "-en", "en_GB", "en-GB-oed", "en-Latn-Latn", "ën", "en-4199"]
        {
            assert_eq!(Language::parse(bad), Err(InvalidText::NotALanguage), "{bad}");
        }
    }

    #[test]
    fn a_category_is_a_slug() {
        assert_eq!(Category::parse("film-and-animation").unwrap().as_str(), "film-and-animation");
        for bad in ["", "-", "Film", "film--x", "film-", "film animation", "é"] {
            assert_eq!(Category::parse(bad), Err(InvalidText::NotASlug), "{bad}");
        }
        assert_eq!(Category::parse(&"x".repeat(41)), Err(InvalidText::TooLong { max: 40 }));
    }
}
