//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, which all authenticators know.

use crate::Email;
use jiff::Timestamp;
use std::fmt;
use totp_rs::{Builder, Secret, Totp};

/// As long as the digest, as RFC 4226 section 4 recommends.
const SECRET_BYTES: usize = 20;

/// What an authenticator and the platform share. Neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// Makes one of octets that nobody can guess and that are used for nothing else.
    pub fn from_random(random: [u8; 32]) -> Self {
        let [secret @ .., _, _, _, _, _, _, _, _, _, _, _, _] = random;
        TotpSecret(secret)
    }

    /// Takes one that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(TotpSecret)
    }

    /// To be stored, sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// To be typed into an authenticator (RFC 4648 base 32).
    pub fn base32(&self) -> String {
        Secret::new_stack(self.0).to_base32()
    }

    /// Takes what was typed, as an authenticator does.
    pub fn from_base32(text: &str) -> Option<Self> {
        Secret::try_from_base32(text).ok().and_then(|secret| TotpSecret::from_bytes(secret.as_bytes()))
    }

    /// To be scanned by an authenticator. `service` is its name there.
    pub fn url(&self, service: &str, account: &Email) -> Option<String> {
        let service: String = service.chars().filter(|c| *c != ':').collect();
        let totp = self.builder().with_account_name(account.as_str()).with_issuer(Some(service)).build();
        totp.ok()?.to_url().ok()
    }

    /// The time step that a code is of, if it is right: of this step, or of the one before or after it, since clocks
    /// differ. Whoever takes it takes no code of this step or an earlier one again.
    pub fn step_of(&self, code: &str, at: Timestamp) -> Option<i64> {
        let time_s = u64::try_from(at.as_second()).ok()?;
        let step = self.totp()?.check(code, time_s)?;
        i64::try_from(step).ok()
    }

    /// The code of a moment, as an authenticator shows it.
    pub fn code(&self, at: Timestamp) -> Option<String> {
        let time_s = u64::try_from(at.as_second()).ok()?;
        Some(self.totp()?.generate(time_s).to_string())
    }

    fn totp(&self) -> Option<Totp> {
        self.builder().build().ok()
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(Secret::new_stack(self.0))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(at(second)).as_deref(), Some(code), "{second}");
            assert_eq!(secret.step_of(code, at(second)), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_is_right_for_a_step_before_and_after_its_own() {
        let secret = TotpSecret::from_random([7; 32]);
        let code = secret.code(at(3_000_000)).unwrap();
        for (second, expected) in
            [(2_999_969, None), (2_999_970, Some(100_000)), (3_000_059, Some(100_000)), (3_000_060, None)]
        {
            assert_eq!(secret.step_of(&code, at(second)), expected, "{second}");
        }
    }

    #[test]
    fn an_authenticator_is_given_a_name_and_the_secret() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let email = Email::parse("ada+mcsp@example.com").unwrap();
        assert_eq!(
            secret.url("My: Service", &email).unwrap(),
            "otpauth://totp/My%20Service:ada%2Bmcsp%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Service"
        );
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::from_base32(&secret.base32()), Some(secret.clone()));
        assert_eq!(TotpSecret::from_base32("GEZDGNBV"), None);
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }

    proptest! {
        #[test]
        fn what_is_no_code_is_of_no_step(text in "\\PC{0,12}") {
            let secret = TotpSecret::from_random([7; 32]);
            let right: Vec<_> = (0..3).map(|step| secret.code(at(step * 30)).unwrap()).collect();
            if !right.contains(&text) {
                prop_assert_eq!(secret.step_of(&text, at(30)), None);
            }
        }
    }
}
