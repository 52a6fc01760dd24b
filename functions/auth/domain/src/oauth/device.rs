//! The codes of the device grant that people type (RFC 8628 section 6.1).

use std::fmt;

/// Consonants, which make no words, without those that are mistaken for others. 20 ^ 8 codes.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const CODE_CHARS: usize = 8;
/// What is above is passed over, so that each letter is as likely as any other.
const FAIR_MAX: usize = 256 / ALPHABET.len() * ALPHABET.len();

/// What a person types to let a device in: `BCDF-GHJK`.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// Makes one of random bytes. None where too few of them are of use, which is rarer than one in 10^17.
    pub fn new(random: &[u8; 32]) -> Option<Self> {
        let fair = random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < FAIR_MAX);
        let letters = fair.filter_map(|byte| ALPHABET.get(byte % ALPHABET.len()));
        let code: String = letters.take(CODE_CHARS).map(|letter| char::from(*letter)).collect();
        (code.len() == CODE_CHARS).then_some(UserCode(code))
    }

    /// Takes what a person types: small letters, blanks and hyphens do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|c| c.is_ascii_alphanumeric()).take(CODE_CHARS + 1);
        let code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        let is_one = code.len() == CODE_CHARS && code.bytes().all(|letter| ALPHABET.contains(&letter));
        is_one.then_some(UserCode(code))
    }

    /// Without a hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(CODE_CHARS / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_taken_however_it_is_typed() {
        let code = UserCode::parse("BCDF-GHJK").unwrap();
        for text in ["bcdfghjk", " bcdf ghjk ", "b-c-d-f-g-h-j-k", "BCDF–GHJK"] {
            assert_eq!(UserCode::parse(text), Some(code.clone()), "{text}");
        }
        for text in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ1", "BCDF-GHJK-BCDF-GHJK"] {
            assert_eq!(UserCode::parse(text), None, "{text}");
        }
        assert_eq!(code.to_string(), "BCDF-GHJK");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(random: [u8; 32]) {
            if let Some(code) = UserCode::new(&random) {
                prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
            } else {
                prop_assert!(random.iter().filter(|byte| **byte < 240).count() < 8);
            }
        }
    }
}
