//! Secrets that are given once and kept as digests: codes, and the cookies of browsers.

use auth_storage::TokenHash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_function::Context;
use sha2::{Digest, Sha256};

/// 256 bits that nobody can guess, for one recipient.
pub(crate) struct OneTimeSecret(String);

impl OneTimeSecret {
    pub(crate) fn new(context: &Context) -> Self {
        OneTimeSecret(URL_SAFE_NO_PAD.encode(context.secret()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> TokenHash {
        digest(&self.0)
    }
}

/// Under which a secret that somebody shows is kept.
pub(crate) fn digest(secret: &str) -> TokenHash {
    Sha256::digest(secret.as_bytes()).into()
}
