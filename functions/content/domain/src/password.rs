//! Passwords that a video asks for.

use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Characters of a password at least: it is told to a circle of people, and guesses at it are counted.
pub const VIDEO_PASSWORD_MIN_CHARS: usize = 4;
/// Characters of a password at most.
pub const VIDEO_PASSWORD_MAX_CHARS: usize = 128;
/// Passwords of a video at most: a guess is compared with each.
pub const VIDEO_PASSWORDS_MAX: usize = 5;

/// A password, in Unicode's NFC (RFC 8265 section 4.2.2), so that it is the same from every keyboard.
///
/// Neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct VideoPassword(String);

/// Why a password is not taken. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVideoPassword {
    /// Fewer than [`VIDEO_PASSWORD_MIN_CHARS`].
    #[error("must be at least {VIDEO_PASSWORD_MIN_CHARS} characters long")]
    TooShort,
    /// More than [`VIDEO_PASSWORD_MAX_CHARS`].
    #[error("must be at most {VIDEO_PASSWORD_MAX_CHARS} characters long")]
    TooLong,
}

impl InvalidVideoPassword {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidVideoPassword::TooShort => "too_short",
            InvalidVideoPassword::TooLong => "too_long",
        }
    }
}

impl VideoPassword {
    /// Takes a password that is set, or tried.
    pub fn parse(text: &str) -> Result<Self, InvalidVideoPassword> {
        let normalized: String = text.nfc().take(VIDEO_PASSWORD_MAX_CHARS + 1).collect();
        match normalized.chars().count() {
            ..VIDEO_PASSWORD_MIN_CHARS => Err(InvalidVideoPassword::TooShort),
            VIDEO_PASSWORD_MIN_CHARS..=VIDEO_PASSWORD_MAX_CHARS => Ok(VideoPassword(normalized)),
            _ => Err(InvalidVideoPassword::TooLong),
        }
    }

    /// The normalized text, to be hashed or compared, and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VideoPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VideoPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_4_to_128_characters_however_they_are_composed() {
        let parse = VideoPassword::parse;
        assert_eq!(parse("abc"), Err(InvalidVideoPassword::TooShort));
        assert_eq!(parse(&"é".repeat(128)).map(|_| ()), Ok(()));
        assert_eq!(parse(&"é".repeat(129)), Err(InvalidVideoPassword::TooLong));
        assert_eq!(parse("caf\u{e9}"), parse("cafe\u{301}"));
    }

    #[test]
    fn it_is_not_shown() {
        assert!(!format!("{:?}", VideoPassword::parse("open sesame").unwrap()).contains("sesame"));
    }
}
