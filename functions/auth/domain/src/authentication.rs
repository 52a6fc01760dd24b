//! How a person was authenticated, and when.

use jiff::Timestamp;
use mcsp_access::Acr;

/// What stands in `amr` when factors of different kinds were shown (RFC 8176 section 2).
const SEVERAL: &str = "mfa";
/// What stands there when somebody touched a device, as each passkey asks for.
const PRESENT: &str = "user";

/// What a person showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// What they know: the password.
    Password,
    /// What they have: a one-time password, by a device or from a list.
    OneTimePassword,
    /// A passkey that does not leave its device, and that they have unlocked there: what they have, and what they know
    /// or are. By which of the two it was unlocked, no device tells.
    HardwareKey,
    /// The same with a passkey that may be copied to other devices of theirs.
    SoftwareKey,
}

impl Factor {
    const ALL: [Factor; 4] =
        [Factor::Password, Factor::OneTimePassword, Factor::HardwareKey, Factor::SoftwareKey];

    /// A passkey. Nobody attests where it is; one that may be copied is not bound to hardware.
    pub const fn passkey(is_copied: bool) -> Self {
        if is_copied { Factor::SoftwareKey } else { Factor::HardwareKey }
    }

    /// Its name among the authentication method references (RFC 8176).
    pub const fn as_str(self) -> &'static str {
        match self {
            Factor::Password => "pwd",
            Factor::OneTimePassword => "otp",
            Factor::HardwareKey => "hwk",
            Factor::SoftwareKey => "swk",
        }
    }

    const fn is_passkey(self) -> bool {
        match self {
            Factor::HardwareKey | Factor::SoftwareKey => true,
            Factor::Password | Factor::OneTimePassword => false,
        }
    }

    fn from_name(name: &str) -> Option<Factor> {
        Factor::ALL.into_iter().find(|factor| factor.as_str() == name)
    }
}

/// That a person was authenticated: by at least one factor, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    factors: Vec<Factor>,
    /// When the last factor was shown.
    pub at: Timestamp,
}

impl Authentication {
    /// By a password alone.
    pub fn by_password(at: Timestamp) -> Self {
        Authentication { factors: vec![Factor::Password], at }
    }

    /// By a passkey alone.
    pub fn by_passkey(passkey: Factor, at: Timestamp) -> Self {
        Authentication { factors: vec![passkey], at }
    }

    /// The same person showed another factor.
    #[must_use]
    pub fn and(mut self, factor: Factor, at: Timestamp) -> Self {
        self.factors.push(factor);
        self.factors.sort_unstable();
        self.factors.dedup();
        Authentication { at, ..self }
    }

    /// How strongly: factors of different kinds count, and a passkey is two.
    pub fn acr(&self) -> Acr {
        if self.factors.len() > 1 || self.has_passkey() { Acr::Two } else { Acr::One }
    }

    fn has_passkey(&self) -> bool {
        self.factors.iter().any(|factor| factor.is_passkey())
    }

    /// The authentication method references, in a token and in a row.
    pub fn amr(&self) -> Vec<String> {
        let present = self.has_passkey().then_some(PRESENT);
        let several = (self.acr() == Acr::Two).then_some(SEVERAL);
        let names = self.factors.iter().map(|factor| factor.as_str());
        names.chain(present).chain(several).map(str::to_owned).collect()
    }

    /// What a row holds.
    pub fn from_amr(amr: &[String], at: Timestamp) -> Option<Self> {
        let names = amr.iter().filter(|name| ![SEVERAL, PRESENT].contains(&name.as_str()));
        let factors = names.map(|name| Factor::from_name(name));
        let factors: Vec<Factor> = factors.collect::<Option<_>>()?;
        (!factors.is_empty()).then_some(Authentication { factors, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_of_factors_are_told_and_one_shown_twice_is_one() {
        let (first, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let password = Authentication::by_password(first);
        assert_eq!((password.acr(), password.amr()), (Acr::One, vec!["pwd".to_owned()]));
        let again = password.clone().and(Factor::Password, later);
        assert_eq!((again.acr(), again.at), (Acr::One, later));
        let both = password.and(Factor::OneTimePassword, later);
        assert_eq!(both.acr(), Acr::Two);
        assert_eq!(both.amr(), ["pwd", "otp", "mfa"]);
        for authentication in [again, both] {
            let read = Authentication::from_amr(&authentication.amr(), later);
            assert_eq!(read, Some(authentication));
        }
    }

    #[test]
    fn a_passkey_is_two_factors_and_tells_where_it_is() {
        let at = Timestamp::UNIX_EPOCH;
        for (authentication, amr) in [
            (Authentication::by_passkey(Factor::passkey(false), at), "hwk user mfa"),
            (Authentication::by_passkey(Factor::passkey(true), at), "swk user mfa"),
            (Authentication::by_password(at).and(Factor::HardwareKey, at), "pwd hwk user mfa"),
        ] {
            assert_eq!((authentication.acr(), authentication.amr().join(" ")), (Acr::Two, amr.to_owned()));
            assert_eq!(Authentication::from_amr(&authentication.amr(), at), Some(authentication));
        }
    }

    #[test]
    fn a_row_without_a_known_factor_is_none() {
        for amr in [&[][..], &["mfa".to_owned(), "user".to_owned()], &["pwd".to_owned(), "guess".to_owned()]]
        {
            assert_eq!(Authentication::from_amr(amr, Timestamp::UNIX_EPOCH), None, "{amr:?}");
        }
    }
}
