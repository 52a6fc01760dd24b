//! Challenges that nothing has to remember: they say themselves when they were made, and are of use for one purpose.

use crate::{decoded, encoded};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

/// In which a challenge is to be answered.
pub const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Random octets that make it another one each time (WebAuthn section 13.4.3 asks for 16 at least).
const NONCE_BYTES: usize = 32;

const TIME_BYTES: usize = 8;

/// Makes a challenge. `mac` is for one purpose, such as one browser's sign-in, and for nothing else.
pub fn issue(mac: impl FnOnce(&[u8]) -> [u8; 32], nonce: [u8; NONCE_BYTES], at: Timestamp) -> String {
    let said = [&at.as_microsecond().to_be_bytes()[..], &nonce].concat();
    encoded([&said[..], &mac(&said)].concat())
}

/// Whether a challenge was made for this purpose, and not too long ago. Whether it was answered before, others know.
pub fn is_good(mac: impl FnOnce(&[u8]) -> [u8; 32], challenge: &str, now: Timestamp) -> bool {
    let Ok(bytes) = decoded(challenge, "the challenge") else { return false };
    let Some((said, given)) = bytes.split_at_checked(TIME_BYTES + NONCE_BYTES) else { return false };
    let Some((time, _)) = said.split_first_chunk::<TIME_BYTES>() else { return false };
    let is_ours = bool::from(mac(said).as_slice().ct_eq(given));
    let Ok(at) = Timestamp::from_microsecond(i64::from_be_bytes(*time)) else { return false };
    is_ours && now.duration_since(at) < CHALLENGE_LIFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn mac(purpose: &'static str) -> impl FnOnce(&[u8]) -> [u8; 32] {
        move |said| Sha256::new().chain_update(purpose).chain_update(said).finalize().into()
    }

    #[test]
    fn a_challenge_is_good_for_its_purpose_and_for_five_minutes() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let challenge = issue(mac("sign-in"), [7; NONCE_BYTES], at);
        let last = at + CHALLENGE_LIFE - SignedDuration::from_micros(1);
        assert!(is_good(mac("sign-in"), &challenge, at) && is_good(mac("sign-in"), &challenge, last));
        assert!(!is_good(mac("sign-in"), &challenge, at + CHALLENGE_LIFE));
        assert!(!is_good(mac("enrol"), &challenge, at));
        assert_ne!(challenge, issue(mac("sign-in"), [8; NONCE_BYTES], at));
    }

    #[test]
    fn no_single_changed_character_is_good() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let challenge = issue(mac("sign-in"), [7; NONCE_BYTES], at);
        for place in 0..challenge.len() {
            let mut changed = challenge.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!is_good(mac("sign-in"), &changed, at), "character {place}");
        }
        for text in ["", "A", "not base64!", &challenge[..40], &format!("{challenge}AAAA")] {
            assert!(!is_good(mac("sign-in"), text, at), "{text}");
        }
    }
}
