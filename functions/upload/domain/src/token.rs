//! The token by which somebody without an account may send one upload.

use mcsp_secret::{SPELLED_CHARS, spelled};
use sha2::{Digest, Sha256};
use std::fmt;

/// How every one begins: it is told from access tokens by this, and found by scanners of source code where it should not stand.
const PREFIX: &str = "mcsp_upload_token_";

/// A token, as whoever holds it shows it. `Debug` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadToken(String);

/// What is kept of it: its SHA-256. There is nothing to guess in it, so nothing has to be slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl UploadToken {
    /// Makes one of 32 random bytes.
    pub fn new(random: &[u8; 32]) -> Self {
        UploadToken(format!("{PREFIX}{}", spelled(random)))
    }

    /// Takes a text that has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(PREFIX)?;
        let is_hex = secret.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (secret.len() == SPELLED_CHARS && is_hex).then(|| UploadToken(text.to_owned()))
    }

    /// The token, for the one who is to have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for UploadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadToken(…)")
    }
}

impl TokenDigest {
    /// For a row.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_form_and_shown_to_nobody_by_chance() {
        let token = UploadToken::new(&[0xab; 32]);
        assert_eq!(token.reveal(), format!("mcsp_upload_token_{}", "ab".repeat(32)));
        assert_eq!(UploadToken::parse(token.reveal()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "UploadToken(…)");
        assert_ne!(token.digest(), UploadToken::new(&[0xac; 32]).digest());
        for other in [
            "",
            "mcsp_upload_token_",
            "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
            &token.reveal()[1..],
            &format!("{}0", token.reveal()),
            &token.reveal().to_uppercase(),
        ] {
            assert_eq!(UploadToken::parse(other), None, "{other}");
        }
    }
}
