//! The platform's own token, by which bridge, functions and services know each other. While it is exchanged there are two
//! or more, separated by spaces: the first is shown, each is accepted.

use subtle::{Choice, ConstantTimeEq};

/// The one to show.
pub fn shown(tokens: &str) -> &str {
    tokens.split_ascii_whitespace().next().unwrap_or_default()
}

/// Whether one of them was shown. How long that takes does not tell where they differ.
pub fn accepts(tokens: &str, given: &[u8]) -> bool {
    let tokens = tokens.split_ascii_whitespace();
    tokens.fold(Choice::from(0), |known, token| known | token.as_bytes().ct_eq(given)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_shown_and_each_is_accepted() {
        for (tokens, first) in [("new", "new"), ("new old", "new"), (" new\told ", "new"), ("", "")] {
            assert_eq!(shown(tokens), first);
        }
        for given in ["new", "old"] {
            assert!(accepts("new old", given.as_bytes()), "{given}");
        }
        for given in ["", " ", "new old", "ne", "newer", "NEW"] {
            assert!(!accepts("new old", given.as_bytes()), "{given}");
        }
    }

    #[test]
    fn without_a_token_nobody_is_known() {
        for none in ["", " "] {
            assert!(!accepts(none, b""));
            assert!(!accepts(none, b" "));
        }
    }
}
