//! Argon2id itself: blocking, pure but for the salt.

use crate::config::{MAXIMUM_ITERATIONS, MAXIMUM_MEMORY_KIB, MAXIMUM_PARALLELISM};
use crate::error::PasswordError;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use mcsp_bridge_api::passwords::Verdict;

/// Argon2 takes passwords of any length; the bound keeps the pre-hash of the input short.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The length of an argon2 tag, in bytes.
const TAG_BYTES: usize = 32;

#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    parameters: Params,
}

impl Hasher {
    pub fn new(parameters: Params) -> Self {
        Hasher { parameters }
    }

    /// A PHC string with a random salt.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let hash = self.argon2().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Unavailable)
    }

    pub fn verify(&self, password: &str, phc: Option<&str>) -> Result<Verdict, PasswordError> {
        let Some(phc) = phc else { return self.pretend(password) };
        let hash = PasswordHash::new(phc).map_err(|_| PasswordError::MalformedHash)?;
        let stored = Params::try_from(&hash).map_err(|_| PasswordError::MalformedHash)?;
        let algorithm =
            Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| PasswordError::MalformedHash)?;
        let is_absurd = stored.m_cost() > MAXIMUM_MEMORY_KIB
            || stored.t_cost() > MAXIMUM_ITERATIONS
            || stored.p_cost() > MAXIMUM_PARALLELISM;
        if is_absurd || hash.hash.is_none() || hash.salt.is_none() {
            return Err(PasswordError::MalformedHash);
        }
        Ok(match self.argon2().verify_password(password.as_bytes(), &hash) {
            Err(_) => Verdict::Wrong,
            Ok(()) if algorithm != Algorithm::Argon2id || self.is_outdated(&hash, &stored) => {
                Verdict::RightButOutdated
            }
            Ok(()) => Verdict::Right,
        })
    }

    /// The work of a real check, for nothing: the time must not tell whether an account exists.
    fn pretend(&self, password: &str) -> Result<Verdict, PasswordError> {
        let mut tag = [0; TAG_BYTES];
        let salt = [0; argon2::RECOMMENDED_SALT_LEN];
        self.argon2()
            .hash_password_into(password.as_bytes(), &salt, &mut tag)
            .map_err(|_| PasswordError::Unavailable)?;
        std::hint::black_box(tag);
        Ok(Verdict::Wrong)
    }

    fn is_outdated(&self, hash: &PasswordHash, stored: &Params) -> bool {
        stored.m_cost() < self.parameters.m_cost()
            || stored.t_cost() < self.parameters.t_cost()
            || stored.p_cost() < self.parameters.p_cost()
            || hash.version != Some(Version::V0x13.into())
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.parameters.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PasswordsConfig;
    use rustix::time::{ClockId, clock_gettime};

    fn hasher(config: PasswordsConfig) -> Hasher {
        Hasher::new(config.parameters().unwrap())
    }

    #[test]
    fn a_hash_is_a_phc_string_with_the_parameters_and_a_salt_of_its_own() {
        let hasher = hasher(PasswordsConfig::default());
        let (first, second) = (hasher.hash("correct horse").unwrap(), hasher.hash("correct horse").unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
    }

    #[test]
    fn a_password_is_right_wrong_or_outdated() {
        let weaker = hasher(PasswordsConfig::default());
        let stronger = hasher(PasswordsConfig { iterations: 3, ..PasswordsConfig::default() });
        let phc = weaker.hash("correct horse").unwrap();
        assert_eq!(weaker.verify("correct horse", Some(&phc)), Ok(Verdict::Right));
        assert_eq!(weaker.verify("Correct horse", Some(&phc)), Ok(Verdict::Wrong));
        assert_eq!(stronger.verify("correct horse", Some(&phc)), Ok(Verdict::RightButOutdated));
        assert_eq!(stronger.verify("wrong", Some(&phc)), Ok(Verdict::Wrong));
        let phc = stronger.hash("correct horse").unwrap();
        assert_eq!(weaker.verify("correct horse", Some(&phc)), Ok(Verdict::Right));
    }

    #[test]
    fn a_check_without_a_hash_is_the_work_of_a_real_one() {
        let hasher = hasher(PasswordsConfig::default());
        let phc = hasher.hash("correct horse").unwrap();
        // The thread's own processor time: what else the machine does is not in it.
        let worked_ns = |stored: Option<&str>| {
            let before = clock_gettime(ClockId::ThreadCPUTime);
            assert_eq!(hasher.verify("battery staple", stored), Ok(Verdict::Wrong));
            let after = clock_gettime(ClockId::ThreadCPUTime);
            (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec
        };
        let least_ns = |stored| (0..5).map(|_| worked_ns(stored)).min().unwrap();
        let ratio = least_ns(None) as f64 / least_ns(Some(&phc)) as f64;
        assert!((0.5..2.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_hash_of_another_implementation_is_understood() {
        // Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hasher = hasher(PasswordsConfig::default());
        assert_eq!(hasher.verify("password", Some(phc)), Ok(Verdict::Right));
    }

    #[test]
    fn what_is_no_hash_is_malformed() {
        let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for phc in [
            "".to_owned(),
            "password".to_owned(),
            "$2b$12$KIXQ4oJ1rN5z6q0W8e1u9e".to_owned(),
            "$argon2id$v=19$m=19456,t=2,p=1".to_owned(),
            format!("$scrypt$v=19$m=19456,t=2,p=1$c29tZXNhbHQ${tag}"),
            format!("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ${tag}"),
            format!("$argon2id$v=19$m=19456,t=4000000,p=1$c29tZXNhbHQ${tag}"),
        ] {
            let verdict = hasher(PasswordsConfig::default()).verify("password", Some(&phc));
            assert_eq!(verdict, Err(PasswordError::MalformedHash), "{phc}");
        }
    }
}
