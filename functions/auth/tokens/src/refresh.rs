//! Refresh tokens, which need not be stored to be told again.
//!
//! A token names its family and how many came before it, and is made genuine by a MAC over both under a secret of
//! the server. So the successor of a token can be derived again in the grace window, though only hashes are
//! stored; and a token that was ever given out is told from a guess, which must not end anybody's session.
//!
//! After a change of the secret the current token of each family is still taken, by its hash; only older ones are
//! no longer told from guesses.

use crate::Secret;
use auth_storage::{ShownToken, TokenHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_ids::{ClientId, RefreshFamilyId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// By which a leaked token is recognized.
const PREFIX: &str = "mcsprt_";
/// What the MAC is for: the secret has other uses.
const PURPOSE: &str = "refresh token";

const FAMILY_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const NAME_BYTES: usize = FAMILY_BYTES + GENERATION_BYTES;

/// A refresh token. Neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: RefreshFamilyId,
    generation: u32,
    mac: [u8; 32],
}

impl Secret {
    /// A family's first token.
    pub fn first(&self, family: RefreshFamilyId) -> RefreshToken {
        self.token(family, 0)
    }

    /// The token that comes after this one: always the same.
    pub fn successor(&self, token: &RefreshToken) -> RefreshToken {
        self.token(token.family, token.generation.saturating_add(1))
    }

    /// What is to be asked of the store when a client shows a token.
    pub fn shown(&self, token: &RefreshToken, client: Option<ClientId>) -> ShownToken {
        let genuine = self.token(token.family, token.generation);
        ShownToken {
            family: token.family,
            client,
            hash: token.hash(),
            successor_hash: self.successor(token).hash(),
            is_genuine: bool::from(genuine.mac.ct_eq(&token.mac)),
        }
    }

    fn token(&self, family: RefreshFamilyId, generation: u32) -> RefreshToken {
        RefreshToken { family, generation, mac: self.mac(PURPOSE, &name(family, generation)) }
    }
}

impl RefreshToken {
    /// Reads what a client shows. What does not have the form was never given out.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (family, rest) = bytes.split_first_chunk::<FAMILY_BYTES>()?;
        let (generation, mac) = rest.split_first_chunk::<GENERATION_BYTES>()?;
        Some(RefreshToken {
            family: RefreshFamilyId::from_uuid(Uuid::from_bytes(*family)),
            generation: u32::from_be_bytes(*generation),
            mac: mac.try_into().ok()?,
        })
    }

    /// The text for the client, and for nobody else.
    pub fn reveal(&self) -> String {
        let bytes = [&name(self.family, self.generation)[..], &self.mac].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The family that it names.
    pub fn family(&self) -> RefreshFamilyId {
        self.family
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        let hash = Sha256::new().chain_update(name(self.family, self.generation)).chain_update(self.mac);
        hash.finalize().into()
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

fn name(family: RefreshFamilyId, generation: u32) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    let (id, count) = name.split_at_mut(FAMILY_BYTES);
    id.copy_from_slice(family.uuid().as_bytes());
    count.copy_from_slice(&generation.to_be_bytes());
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(byte: u8) -> Secret {
        Secret::parse(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap()
    }

    fn family(n: u128) -> RefreshFamilyId {
        RefreshFamilyId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_successor_is_always_the_same_and_no_other_token() {
        let first = secret(1).first(family(1));
        let second = secret(1).successor(&first);
        assert_eq!(second, secret(1).successor(&RefreshToken::parse(&first.reveal()).unwrap()));
        let others =
            [&first, &secret(1).successor(&second), &secret(1).successor(&secret(1).first(family(2)))];
        assert!(others.iter().all(|other| **other != second && other.hash() != second.hash()));
        assert_ne!(secret(2).successor(&first), second);
    }

    #[test]
    fn a_guess_is_told_from_what_was_given_out() {
        let token = secret(1).first(family(1));
        assert!(secret(1).shown(&token, None).is_genuine);
        assert!(!secret(2).shown(&token, None).is_genuine);
        let later = RefreshToken { generation: 7, ..token.clone() };
        let elsewhere = RefreshToken { family: family(2), ..token };
        assert!(!secret(1).shown(&later, None).is_genuine && !secret(1).shown(&elsewhere, None).is_genuine);
    }

    #[test]
    fn it_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", secret(1).first(family(1))), "RefreshToken(…)");
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_given(id: u128, generation: u32) {
            let token = secret(3).token(family(id), generation);
            prop_assert_eq!(RefreshToken::parse(&token.reveal()), Some(token));
        }

        #[test]
        fn nothing_else_is_read(text in "\\PC{0,120}") {
            if let Some(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
