//! Passkeys: what a relying party of WebAuthn (Level 3) asks authenticators for, and whether what they show is right.
//! Pure: no I/O, no clock, no randomness.
//!
//! The person is always verified by the authenticator, so that a passkey is two factors: something they have, and what
//! unlocks it. Attestation is not asked for: nobody here trusts some makers more than others.

mod assertion;
mod authenticator_data;
mod challenge;
mod client_data;
mod key;
mod options;
mod registration;
mod relying_party;
#[cfg(test)]
mod samples;

pub use assertion::{AuthenticationResponse, Shown};
pub use challenge::{CHALLENGE_LIFE, is_good, issue};
pub use options::{CreationOptions, NewPasskey, RequestOptions};
pub use registration::RegistrationResponse;
pub use relying_party::{InvalidRelyingParty, RelyingParty};

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Octets of a credential's id at most (WebAuthn section 7.1, step 25).
const CREDENTIAL_ID_MAX_BYTES: usize = 1023;

/// Base64url without padding, which libraries of clients add all the same.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is known of an account's passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// What the authenticator calls it: nobody's secret.
    pub credential_id: Vec<u8>,
    /// Its public key, a COSE_Key (RFC 9052 section 7).
    pub public_key: Vec<u8>,
    /// How often it was used, where it counts; otherwise 0.
    pub sign_count: u32,
    /// Whether it may be copied to other devices of its owner, which never changes.
    pub backup_eligible: bool,
    /// Whether it was, when it was last shown.
    pub backed_up: bool,
}

/// Why what an authenticator shows is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not have the form of the specification.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// It was made for another ceremony: a registration is no sign-in.
    #[error("it is of another ceremony")]
    OtherCeremony,
    /// It answers another challenge.
    #[error("it answers another challenge")]
    OtherChallenge,
    /// It was made on a page of somebody else.
    #[error("it was made for an origin that is not configured")]
    OtherOrigin,
    /// It was made in a frame of somebody else's page.
    #[error("it was made in a frame of another site")]
    CrossOrigin,
    /// It was made for another relying party.
    #[error("it is of another relying party")]
    OtherRelyingParty,
    /// Nobody touched the authenticator.
    #[error("nobody was present")]
    NotPresent,
    /// The authenticator did not verify who touches it.
    #[error("the person was not verified")]
    NotVerified,
    /// Backed up, and not to be backed up; or eligible now, and not before.
    #[error("its flags of backup contradict each other, or what is known of it")]
    BackupFlags,
    /// A key of an algorithm that was not asked for, or no key at all.
    #[error("its key is of no supported kind")]
    UnsupportedKey,
    /// An attestation that was not asked for.
    #[error("its attestation is of no supported kind")]
    UnsupportedAttestation,
    /// The key did not sign this.
    #[error("its signature is wrong")]
    BadSignature,
    /// Another passkey than it says, or another account's.
    #[error("it is another passkey, or another account's")]
    OtherCredential,
    /// Its counter did not rise: it may exist twice.
    #[error("its counter went back")]
    CounterWentBack,
}

fn decoded(text: &str, what: &'static str) -> Result<Vec<u8>, Refused> {
    BASE64.decode(text).map_err(|_| Refused::Malformed(what))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(bytes)
}
