//! What a confidential client proves itself with.

use jiff::{SignedDuration, Timestamp};
use mcsp_secret::spelled;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// How long a replaced secret may go on being good.
pub const SECRET_OVERLAP_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a secret begins with, so that scanners of source code know one when they see it.
const PREFIX: &str = "mcsp_client_secret_";

/// A new secret, on its way to the one who is to keep it. It is shown once and stored nowhere.
pub struct ClientSecret(String);

/// The SHA-256 digest of a secret.
///
/// A password needs a slow hash because it can be guessed. A secret of 32 random bytes can't be, so a slow hash
/// would protect nothing, cost each request for a token 20 ms, and let anybody keep the hashing threads busy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretDigest([u8; 32]);

/// The secret of a client, and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets {
    current: SecretDigest,
    previous: Option<(SecretDigest, Timestamp)>,
}

impl ClientSecret {
    /// Makes one of 32 random bytes.
    pub fn new(random: &[u8; 32]) -> Self {
        ClientSecret(format!("{PREFIX}{}", spelled(random)))
    }

    /// The secret, for the one who is to keep it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

impl SecretDigest {
    fn of(secret: &str) -> Self {
        SecretDigest(Sha256::digest(secret.as_bytes()).into())
    }

    /// From a row.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        SecretDigest(bytes)
    }

    /// For a row.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

impl Secrets {
    /// The secret of a new client.
    pub const fn new(current: SecretDigest) -> Self {
        Secrets { current, previous: None }
    }

    /// From a row.
    pub const fn of(current: SecretDigest, previous: Option<(SecretDigest, Timestamp)>) -> Self {
        Secrets { current, previous }
    }

    /// The one that is good without end.
    pub const fn current(&self) -> &SecretDigest {
        &self.current
    }

    /// The one before, and until when it is good.
    pub const fn previous(&self) -> Option<&(SecretDigest, Timestamp)> {
        self.previous.as_ref()
    }

    pub(super) fn replaced(self, by: SecretDigest, overlap: SignedDuration, at: Timestamp) -> Self {
        let overlap = overlap.clamp(SignedDuration::ZERO, SECRET_OVERLAP_MAX);
        let previous = (!overlap.is_zero()).then(|| (self.current, at + overlap));
        Secrets { current: by, previous }
    }

    pub(super) fn contain(&self, secret: &str, at: Timestamp) -> bool {
        let given = SecretDigest::of(secret);
        let is = |known: &SecretDigest| bool::from(known.0.ct_eq(&given.0));
        is(&self.current) || self.previous.as_ref().is_some_and(|(known, until)| at < *until && is(known))
    }
}
