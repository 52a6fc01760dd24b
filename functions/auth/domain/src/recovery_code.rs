//! Recovery codes: what lets an owner in who has lost their authenticator, once each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_ids::UserId;
use sha2::{Digest, Sha256};
use std::fmt;

/// Codes that an account has at once.
pub const RECOVERY_CODES: usize = 10;

/// Crockford's base 32: no letter that is taken for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Five bits each: 80 bits are not found by trying hashes.
const CHARS: usize = 16;
const GROUP_CHARS: usize = 4;

/// A recovery code, in its one form. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// Makes one of octets that nobody can guess and that are used for nothing else.
    pub fn from_random(random: [u8; 32]) -> Self {
        let letter = |octet: u8| ALPHABET.get(usize::from(octet % 32)).copied().map(char::from);
        RecoveryCode(random.into_iter().take(CHARS).filter_map(letter).collect())
    }

    /// Takes a code as people type it: capitals, spaces, dashes, and letters that look alike do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let typed = text.chars().filter(|c| !matches!(c, '-' | ' ')).take(CHARS + 1);
        let code: String = typed
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let is_code = code.len() == CHARS && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(RecoveryCode(code))
    }

    /// For its owner, and for nobody else: `abcd-efgh-jkmn-pqrs`.
    pub fn reveal(&self) -> String {
        let chars: Vec<char> = self.0.chars().collect();
        chars.chunks(GROUP_CHARS).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// All of it that is stored. The same code of another account has another hash.
    pub fn hash(&self, account: UserId) -> String {
        let hash = Sha256::new().chain_update(account.uuid().as_bytes()).chain_update(&self.0).finalize();
        URL_SAFE_NO_PAD.encode(hash)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn a_code_is_one_however_it_is_typed() {
        let mut random = [0; 32];
        random[..4].copy_from_slice(&[0, 1, 31, 32 + 10]);
        let code = RecoveryCode::from_random(random);
        assert_eq!(code.reveal(), "01za-0000-0000-0000");
        for text in ["01za000000000000", "OLZA OOOO-0000-0000", "oiza-0000-0000-0000"] {
            assert_eq!(RecoveryCode::parse(text), Some(code.clone()), "{text}");
        }
        for text in ["", "123456", "01za-0000-0000-000", "01za-0000-0000-00000", "u1za-0000-0000-0000"] {
            assert_eq!(RecoveryCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_code_of_two_accounts_is_stored_as_two() {
        let code = RecoveryCode::from_random([7; 32]);
        let hash = |n| code.hash(UserId::from_uuid(Uuid::from_u128(n)));
        assert_ne!(hash(1), hash(2));
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(random: [u8; 32]) {
            let code = RecoveryCode::from_random(random);
            prop_assert_eq!(RecoveryCode::parse(&code.reveal()), Some(code));
        }
    }
}
