//! E-mail addresses, in the one form in which they are stored and compared.

use std::fmt;

/// The longest address that a mail server must take (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_MAX_BYTES: usize = 254;
const LOCAL_PART_MAX_BYTES: usize = 64;
const LABEL_MAX_BYTES: usize = 63;

/// A normalized address: a dot-atom, `@`, and a host name of at least two labels, all in lower case.
///
/// RFC 5321 lets a mail server tell `Ada@` from `ada@`; none in use does, and two accounts that only differ in
/// case would be a trap. What the RFC allows and nobody uses (quoted local parts, address literals) is not
/// taken. It is personal data: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is not taken as an address. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// More than [`EMAIL_MAX_BYTES`].
    #[error("must be at most {EMAIL_MAX_BYTES} characters long")]
    TooLong,
    /// Letters outside of ASCII.
    #[error("must be written in ASCII; an international domain in its form that begins with xn--")]
    NotAscii,
    /// Not of the form `name@host.example`.
    #[error("must be an e-mail address such as name@host.example")]
    Malformed,
}

impl InvalidEmail {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidEmail::TooLong => "too_long",
            InvalidEmail::NotAscii | InvalidEmail::Malformed => "invalid_email",
        }
    }
}

impl Email {
    /// Takes an address as people type it: spaces around it and capital letters do not matter.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > EMAIL_MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        if !text.is_ascii() {
            return Err(InvalidEmail::NotAscii);
        }
        let (local_part, host) = text.rsplit_once('@').ok_or(InvalidEmail::Malformed)?;
        if is_dot_atom(local_part) && is_host_name(host) {
            Ok(Email(text.to_ascii_lowercase()))
        } else {
            Err(InvalidEmail::Malformed)
        }
    }

    /// The normalized address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// RFC 5322 section 3.2.3.
fn is_dot_atom(text: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.len() <= LOCAL_PART_MAX_BYTES && text.split('.').all(is_atom)
}

/// RFC 1123 section 2.1; the last label has a letter, which tells a name from an address.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_MAX_BYTES).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = text.rsplit_once('.') else { return false };
    text.split('.').all(is_label) && last.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_one_however_it_is_typed() {
        let email = Email::parse("ada.lovelace+mcsp@example.com").unwrap();
        assert_eq!(email.as_str(), "ada.lovelace+mcsp@example.com");
        assert_eq!(Email::parse("  Ada.Lovelace+MCSP@Example.COM\n"), Ok(email));
    }

    #[test]
    fn unusual_addresses_are_taken() {
        let longest_local_part = format!("{}@a.example", "x".repeat(64));
        for text in
            ["a@b.co", "o'neil@mail.example", "x@xn--bcher-kva.example", "1@2.3com", &longest_local_part]
        {
            assert!(Email::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local_part = format!("{}@a.example", "x".repeat(65));
        let long_label = format!("a@{}.example", "x".repeat(64));
        let malformed = [
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@b.",
            "a@.b",
            "a@b..co",
            ".a@b.co",
            "a.@b.co",
            "a..b@b.co",
            "a b@b.co",
            "a@b c.co",
            "a@b_c.co",
            "a@-b.co",
            "a@b-.co",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "\"a\"@b.co",
            "a@b@c.co",
            "a\u{0}@b.co",
            "a\r\nBcc: x@b.co",
            "<a@b.co>",
            "a,b@c.co",
            &long_local_part,
            &long_label,
        ];
        for text in malformed {
            assert_eq!(Email::parse(text), Err(InvalidEmail::Malformed), "{text:?}");
        }
        assert_eq!(Email::parse("ä@b.co"), Err(InvalidEmail::NotAscii));
    }

    #[test]
    fn an_address_may_be_254_bytes_long() {
        let longest = format!("aaa@{}b.co", "b.".repeat(123));
        assert_eq!(longest.len(), EMAIL_MAX_BYTES);
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(Email::parse(&format!("a{longest}")), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn it_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.com").unwrap()), "Email(…)");
    }

    proptest! {
        #[test]
        fn what_was_normalized_stays_as_it_is(text in "[ a-zA-Z0-9.@+_-]{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(!email.as_str().contains(|c: char| c.is_whitespace() || c.is_ascii_uppercase()));
            }
        }
    }
}
