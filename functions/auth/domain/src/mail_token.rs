//! The tokens in mails. They are made of the mail's id, so none is stored: not in a row, an event or a log.

use crate::MailKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use mcsp_ids::MailId;
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// Bytes of the key at least: as many as the digest has.
const KEY_MIN_BYTES: usize = 32;
const ID_BYTES: usize = 16;
const MAC_BYTES: usize = 32;

/// The key that tokens are made with.
#[derive(Clone)]
pub struct MailTokenKey(Hmac<Sha256>);

/// The key is too short to be kept a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key for mail tokens has at least {KEY_MIN_BYTES} bytes")]
pub struct UnfitKey;

impl MailTokenKey {
    /// A key of some secret text.
    pub fn new(secret: &str) -> Result<Self, UnfitKey> {
        if secret.len() < KEY_MIN_BYTES {
            return Err(UnfitKey);
        }
        Hmac::new_from_slice(secret.as_bytes()).map(MailTokenKey).map_err(|_| UnfitKey)
    }

    /// The token of a mail: base64url of its id and of an HMAC-SHA256 over id and kind.
    pub fn token(&self, mail: MailId, kind: MailKind) -> String {
        let mut bytes = mail.uuid().into_bytes().to_vec();
        bytes.extend(self.mac(mail, kind).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The mail that a token is of, if it is one of these kinds. Whether it is still good, its row tells.
    pub fn open(&self, token: &str, kinds: &[MailKind]) -> Option<(MailId, MailKind)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, mac) = bytes.split_at_checked(ID_BYTES)?;
        if mac.len() != MAC_BYTES {
            return None;
        }
        let mail = MailId::from_uuid(Uuid::from_slice(id).ok()?);
        let kind = kinds.iter().find(|kind| self.mac(mail, **kind).verify_slice(mac).is_ok())?;
        Some((mail, *kind))
    }

    fn mac(&self, mail: MailId, kind: MailKind) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(mail.uuid().as_bytes());
        mac.update(kind.as_str().as_bytes());
        mac
    }
}

impl fmt::Debug for MailTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailTokenKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [MailKind; 2] = [MailKind::Verification, MailKind::EmailChange];

    fn key(byte: &str) -> MailTokenKey {
        MailTokenKey::new(&byte.repeat(KEY_MIN_BYTES)).unwrap()
    }

    fn mail(n: u128) -> MailId {
        MailId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_token_opens_to_its_mail_for_its_kind_and_key_only() {
        let token = key("a").token(mail(7), MailKind::EmailChange);
        assert_eq!(key("a").open(&token, &KINDS), Some((mail(7), MailKind::EmailChange)));
        assert_eq!(key("a").open(&token, &[MailKind::Recovery]), None);
        assert_eq!(key("b").open(&token, &KINDS), None);
    }

    #[test]
    fn no_single_changed_character_opens() {
        let token = key("a").token(mail(7), MailKind::Recovery);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key("a").open(&changed, &[MailKind::Recovery]), None, "character {at}");
        }
        for text in ["", "A", "not base64!", &token[..62], &format!("{token}AAAA")] {
            assert_eq!(key("a").open(text, &[MailKind::Recovery]), None, "{text}");
        }
    }

    #[test]
    fn a_short_key_is_refused_and_none_is_shown() {
        assert_eq!(MailTokenKey::new(&"a".repeat(31)).err(), Some(UnfitKey));
        assert_eq!(format!("{:?}", key("a")), "MailTokenKey(…)");
    }
}
