//! Why a text is not what it should be.

/// What is wrong with a text that a user gave. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing in it can be seen.
    #[error("must hold something that can be seen")]
    Blank,
    /// Counted in grapheme clusters: what a reader takes for one character.
    #[error("must have at most {max} characters")]
    TooLong {
        /// Grapheme clusters.
        max: usize,
    },
    /// Counted in bytes.
    #[error("must have at most {max} bytes")]
    TooManyBytes {
        /// Bytes.
        max: usize,
    },
    /// A control character, or one that reverses the order of the text around it.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// More tags than a video may have.
    #[error("must have at most {max} entries")]
    TooMany {
        /// Entries.
        max: usize,
    },
    /// Not `[a-z0-9]+(-[a-z0-9]+)*`.
    #[error("must hold lowercase letters and digits, in words joined by single hyphens")]
    NotASlug,
    /// Not a language tag.
    #[error("must be a language tag such as `en`, `pt-BR` or `zh-Hant` (BCP 47)")]
    NotALanguage,
}

impl InvalidText {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidText::Blank => "blank",
            InvalidText::TooLong { .. } | InvalidText::TooManyBytes { .. } => "too_long",
            InvalidText::ControlCharacter => "control_character",
            InvalidText::TooMany { .. } => "too_many",
            InvalidText::NotASlug => "invalid_slug",
            InvalidText::NotALanguage => "invalid_language",
        }
    }
}
