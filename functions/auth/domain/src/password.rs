//! Passwords: what may be chosen, and what may be tried.

use std::fmt;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Characters of a new password at least.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// Characters of any password at most: a passphrase fits, and hashing has a bound.
pub const PASSWORD_MAX_CHARS: usize = 128;

/// The commonest passwords that are long enough to be chosen, one a line, in lower case, in order. The list is
/// our own: well-known passwords and names with the endings that people give them, doubled words, rows of
/// digits and letters, and walks over the keyboard.
static COMMONEST: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("commonest_passwords.txt").lines().collect());

/// A password, in Unicode's NFC (RFC 8265 section 4.2.2), so that it is the same from every keyboard.
///
/// Neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password is not taken. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// Fewer than [`PASSWORD_MIN_CHARS`].
    #[error("must be at least {PASSWORD_MIN_CHARS} characters long")]
    TooShort,
    /// More than [`PASSWORD_MAX_CHARS`].
    #[error("must be at most {PASSWORD_MAX_CHARS} characters long")]
    TooLong,
    /// Among the first that anybody guesses.
    #[error("is one of the commonest passwords, which are guessed first")]
    TooCommon,
    /// Among those that were taken from others: [`PasswordDigest`](crate::PasswordDigest).
    #[error("is known from a theft of other people's passwords, which are tried everywhere")]
    Breached,
}

impl UnfitPassword {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            UnfitPassword::TooShort => "too_short",
            UnfitPassword::TooLong => "too_long",
            UnfitPassword::TooCommon => "too_common",
            UnfitPassword::Breached => "breached",
        }
    }
}

impl Password {
    /// Takes a password that somebody chooses.
    pub fn choose(text: &str) -> Result<Self, UnfitPassword> {
        let password = Password::attempt(text)?;
        if password.0.chars().count() < PASSWORD_MIN_CHARS {
            return Err(UnfitPassword::TooShort);
        }
        let folded = password.0.to_lowercase();
        match COMMONEST.binary_search(&folded.as_str()) {
            Ok(_) => Err(UnfitPassword::TooCommon),
            Err(_) => Ok(password),
        }
    }

    /// Takes a password that somebody signs in with: it may have been chosen under other rules.
    pub fn attempt(text: &str) -> Result<Self, UnfitPassword> {
        let normalized: String = text.nfc().take(PASSWORD_MAX_CHARS + 1).collect();
        if normalized.chars().count() > PASSWORD_MAX_CHARS {
            return Err(UnfitPassword::TooLong);
        }
        Ok(Password(normalized))
    }

    /// The normalized text, to be hashed or compared, and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_12_to_128_characters() {
        for (text, expected) in [
            ("correct hor", Some(UnfitPassword::TooShort)),
            ("correct hors", None),
            ("Ünïcödé ist!", None),
            ("", Some(UnfitPassword::TooShort)),
            (&"ab!".repeat(42), None),
            (&"abcd".repeat(32), None),
            (&format!("{}x", "abcd".repeat(32)), Some(UnfitPassword::TooLong)),
            (&"🐎".repeat(128), None),
            (&"🐎".repeat(129), Some(UnfitPassword::TooLong)),
        ] {
            assert_eq!(Password::choose(text).err(), expected, "{text}");
        }
    }

    #[test]
    fn the_commonest_are_refused_in_any_case() {
        for text in
            ["password1234", "PassWord1234", "123456789012", "qwertyuiop123", "aaaaaaaaaaaa", "iloveyou2024"]
        {
            assert_eq!(Password::choose(text), Err(UnfitPassword::TooCommon), "{text}");
            assert!(Password::attempt(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_password_is_the_same_composed_and_decomposed() {
        assert_eq!(Password::choose("Zu\u{308}rich am See"), Password::choose("Z\u{fc}rich am See"));
    }

    #[test]
    fn the_list_can_be_searched_and_holds_nothing_that_is_never_asked_for() {
        assert!(COMMONEST.len() > 1_000);
        assert!(COMMONEST.is_sorted_by(|a, b| a < b), "in order, and none twice");
        for entry in COMMONEST.iter() {
            let chars = entry.chars().count();
            assert!((PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&chars), "{entry}");
            assert_eq!(*entry, entry.to_lowercase());
            assert!(entry.is_ascii(), "{entry}: its normal form is another");
        }
    }

    #[test]
    fn it_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Password::choose("correct horse").unwrap()), "Password(…)");
    }
}
