//! Passwords that were stolen elsewhere, in the ranges in which Have I Been Pwned publishes them: whoever asks tells
//! the first five digits of a password's SHA-1 digest, and is given the rest of all digests that begin so.

use crate::Password;
use sha1::{Digest, Sha1};
use std::fmt;

/// Hexadecimal digits that name a range, and so all that anybody else learns of a password.
const PREFIX_DIGITS: usize = 5;
const DIGITS: usize = 40;

/// A password's SHA-1 digest, in hexadecimal digits and upper case. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

/// An answer that is no range: then nothing is known of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not `<the other 35 digits>:<count>`, or there is none")]
pub struct UnusableRange {
    /// From 1.
    pub line: usize,
}

impl PasswordDigest {
    /// The digest of a password's normal form.
    pub fn of(password: &Password) -> Self {
        let digest = Sha1::digest(password.reveal());
        PasswordDigest(digest.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    /// The range that it is in.
    pub fn prefix(&self) -> &str {
        self.0.split_at(PREFIX_DIGITS).0
    }

    /// Whether it is among those of its range. Lines whose count is 0 are padding, and mean nobody's password.
    pub fn is_in(&self, range: &str) -> Result<bool, UnusableRange> {
        let (_, suffix) = self.0.split_at(PREFIX_DIGITS);
        let mut is_found = false;
        let mut lines = 0;
        for (line, text) in (1..).zip(range.trim_end().lines()) {
            let (digits, count) = entry(text.trim()).ok_or(UnusableRange { line })?;
            is_found |= count > 0 && digits.eq_ignore_ascii_case(suffix);
            lines = line;
        }
        // Every range that was ever published has hundreds.
        if lines == 0 { Err(UnusableRange { line: 1 }) } else { Ok(is_found) }
    }
}

fn entry(line: &str) -> Option<(&str, u64)> {
    let (digits, count) = line.split_once(':')?;
    let is_suffix = digits.len() == DIGITS - PREFIX_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
    Some((digits, count.parse().ok()?)).filter(|_| is_suffix)
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Its SHA-1 is 21BD1 2DC183F740EE76F27B78EB39C8AD972A757.
    const PASSWORD: &str = "P@ssw0rd";
    const SUFFIX: &str = "2DC183F740EE76F27B78EB39C8AD972A757";
    const OTHER: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";

    fn digest() -> PasswordDigest {
        PasswordDigest::of(&Password::attempt(PASSWORD).unwrap())
    }

    #[test]
    fn a_range_is_named_by_five_digits() {
        assert_eq!(digest().prefix(), "21BD1");
    }

    #[test]
    fn a_digest_is_found_in_its_range_unless_the_line_is_padding() {
        for (range, expected) in [
            (format!("{OTHER}:1\r\n{SUFFIX}:52579\r\n"), true),
            (format!("{OTHER}:1\n{}:1", SUFFIX.to_lowercase()), true),
            (format!("{OTHER}:1\r\n{SUFFIX}:0\r\n"), false),
            (format!("{OTHER}:1\r\n"), false),
        ] {
            assert_eq!(digest().is_in(&range), Ok(expected), "{range}");
        }
    }

    #[test]
    fn what_is_no_range_tells_nothing() {
        for (range, line) in [
            (String::new(), 1),
            ("\r\n".to_owned(), 1),
            ("<html>not found</html>".to_owned(), 1),
            (format!("{OTHER}:1\n{SUFFIX}"), 2),
            (format!("{OTHER}:1\n{SUFFIX}:many"), 2),
            (format!("{SUFFIX}:-1"), 1),
            (format!("21BD1{SUFFIX}:1"), 1),
            (format!("{SUFFIX}:1\n{OTHER}:1\nX018A45C4D1DEF81644B54AB7F969B88D65:1"), 3),
        ] {
            assert_eq!(digest().is_in(&range), Err(UnusableRange { line }), "{range}");
        }
    }

    #[test]
    fn it_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", digest()), "PasswordDigest(…)");
    }
}
