//! Argon2id itself: blocking, pure but for the salt.

use crate::config::{MAXIMUM_ITERATIONS, MAXIMUM_MEMORY_KIB, MAXIMUM_PARALLELISM};
use crate::error::PasswordError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use mcsp_bridge_api::passwords::Verdict;

/// Argon2 takes passwords of any length; the bound keeps the pre-hash of the input short.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The length of an argon2 tag, in bytes.
const TAG_BYTES: usize = 32;

/// What a hash is computed in, kept for the next one. Asked for anew each time it would be thousands of pages that the kernel
/// hands out, clears and takes back, for which every thread of the process has to wait now and then.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
    /// What was computed in it: KiB and passes.
    #[cfg(test)]
    runs: Vec<(u32, u32)>,
}

impl Memory {
    fn of(&mut self, parameters: &Params) -> &mut [Block] {
        #[cfg(test)]
        self.runs.push((parameters.m_cost(), parameters.t_cost()));
        let blocks = parameters.block_count();
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::new());
        }
        self.blocks.get_mut(..blocks).unwrap_or_default()
    }

    /// Gives it back: what is idle costs nothing.
    pub fn release(&mut self) {
        self.blocks = Vec::new();
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    parameters: Params,
}

impl Hasher {
    pub fn new(parameters: Params) -> Self {
        Hasher { parameters }
    }

    /// A PHC string with a random salt.
    pub fn hash(&self, password: &str, memory: &mut Memory) -> Result<String, PasswordError> {
        let salt = Salt::generate();
        let output = output(&argon2id(&self.parameters), password, &salt, TAG_BYTES, memory)?;
        let params = ParamsString::try_from(&self.parameters).map_err(|_| PasswordError::Unavailable)?;
        let algorithm = Algorithm::Argon2id.ident();
        let hash = PasswordHash {
            algorithm,
            version: Some(Version::V0x13.into()),
            params,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    pub fn verify(
        &self,
        password: &str,
        phc: Option<&str>,
        memory: &mut Memory,
    ) -> Result<Verdict, PasswordError> {
        let Some(phc) = phc else {
            pretend(&self.parameters, password, memory)?;
            return Ok(Verdict::Wrong);
        };
        let hash = PasswordHash::new(phc).map_err(|_| PasswordError::MalformedHash)?;
        let stored = Params::try_from(&hash).map_err(|_| PasswordError::MalformedHash)?;
        let algorithm =
            Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| PasswordError::MalformedHash)?;
        let is_absurd = stored.m_cost() > MAXIMUM_MEMORY_KIB
            || stored.t_cost() > MAXIMUM_ITERATIONS
            || stored.p_cost() > MAXIMUM_PARALLELISM;
        let (Some(salt), Some(expected), false) = (&hash.salt, &hash.hash, is_absurd) else {
            return Err(PasswordError::MalformedHash);
        };
        let version = hash.version.map(Version::try_from).transpose();
        let version = version.map_err(|_| PasswordError::MalformedHash)?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, stored.clone());
        // Outputs are compared in constant time.
        if output(&argon2, password, salt, expected.len(), memory)? != *expected {
            for parameters in self.missing(&stored) {
                pretend(&parameters, password, memory)?;
            }
            return Ok(Verdict::Wrong);
        }
        let is_outdated = algorithm != Algorithm::Argon2id || self.is_outdated(&hash, &stored);
        Ok(if is_outdated { Verdict::RightButOutdated } else { Verdict::Right })
    }

    /// The runs that a check against weaker parameters lacks to the work of one with today's, which is the memory times the
    /// passes over it.
    fn missing(&self, stored: &Params) -> Vec<Params> {
        let work = |parameters: &Params| parameters.m_cost().saturating_mul(parameters.t_cost());
        let missing = work(&self.parameters).saturating_sub(work(stored));
        let memory_kib = self.parameters.m_cost();
        let runs = [(memory_kib, missing / memory_kib), (missing % memory_kib, 1)];
        // No pass is no run, and less memory than a run needs is no work to speak of.
        let run = |(memory, passes)| Params::new(memory, passes, self.parameters.p_cost(), None).ok();
        runs.into_iter().filter_map(run).collect()
    }

    fn is_outdated(&self, hash: &PasswordHash, stored: &Params) -> bool {
        stored.m_cost() < self.parameters.m_cost()
            || stored.t_cost() < self.parameters.t_cost()
            || stored.p_cost() < self.parameters.p_cost()
            || hash.version != Some(Version::V0x13.into())
    }
}

fn argon2id(parameters: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters.clone())
}

/// The work of a real check, for nothing: the time must not tell whether an account exists.
fn pretend(parameters: &Params, password: &str, memory: &mut Memory) -> Result<(), PasswordError> {
    let salt = [0; argon2::RECOMMENDED_SALT_LEN];
    std::hint::black_box(output(&argon2id(parameters), password, &salt, TAG_BYTES, memory)?);
    Ok(())
}

/// The hash itself, of so many bytes.
fn output(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    bytes: usize,
    memory: &mut Memory,
) -> Result<Output, PasswordError> {
    let mut tag = [0; Output::MAX_LENGTH];
    let tag = tag.get_mut(..bytes).ok_or(PasswordError::MalformedHash)?;
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, tag, memory.of(argon2.params()))
        .map_err(|_| PasswordError::Unavailable)?;
    Output::new(tag).map_err(|_| PasswordError::MalformedHash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PasswordsConfig;

    fn hasher(config: PasswordsConfig) -> Hasher {
        Hasher::new(config.parameters().unwrap())
    }

    fn hash(hasher: &Hasher) -> String {
        hasher.hash("correct horse", &mut Memory::default()).unwrap()
    }

    #[test]
    fn what_an_earlier_hash_left_in_the_memory_changes_nothing() {
        let large = hasher(PasswordsConfig { memory_kib: 2 * 19_456, ..PasswordsConfig::default() });
        let small = hasher(PasswordsConfig::default());
        let memory = &mut Memory::default();
        let phcs = [hash(&large), hash(&small)];
        for phc in phcs.iter().cycle().take(6) {
            assert_ne!(small.verify("correct horse", Some(phc), memory), Ok(Verdict::Wrong));
            assert_eq!(small.verify("another horse", Some(phc), memory), Ok(Verdict::Wrong));
            let fresh = large.hash("battery staple", memory).unwrap();
            assert_eq!(
                large.verify("battery staple", Some(&fresh), &mut Memory::default()),
                Ok(Verdict::Right)
            );
        }
        memory.release();
        assert_eq!(small.verify("correct horse", Some(&phcs[1]), memory), Ok(Verdict::Right));
    }

    #[test]
    fn a_hash_is_a_phc_string_with_the_parameters_and_a_salt_of_its_own() {
        let hasher = hasher(PasswordsConfig::default());
        let (first, second) = (hash(&hasher), hash(&hasher));
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
    }

    #[test]
    fn a_password_is_right_wrong_or_outdated() {
        let weaker = hasher(PasswordsConfig::default());
        let stronger = hasher(PasswordsConfig { iterations: 3, ..PasswordsConfig::default() });
        let phc = hash(&weaker);
        assert_eq!(weaker.verify("correct horse", Some(&phc), &mut Memory::default()), Ok(Verdict::Right));
        assert_eq!(weaker.verify("Correct horse", Some(&phc), &mut Memory::default()), Ok(Verdict::Wrong));
        assert_eq!(
            stronger.verify("correct horse", Some(&phc), &mut Memory::default()),
            Ok(Verdict::RightButOutdated)
        );
        assert_eq!(stronger.verify("wrong", Some(&phc), &mut Memory::default()), Ok(Verdict::Wrong));
        let phc = hash(&stronger);
        assert_eq!(weaker.verify("correct horse", Some(&phc), &mut Memory::default()), Ok(Verdict::Right));
    }

    #[test]
    fn a_wrong_password_is_as_much_work_for_a_weaker_hash_as_for_none() {
        let (memory_kib, iterations) = (19_456, 2);
        let phc = hash(&hasher(PasswordsConfig { memory_kib, iterations, ..PasswordsConfig::default() }));
        for (memory_kib, iterations, missing) in [
            (19_456, 2, &[][..]),
            (19_456, 3, &[(19_456, 1)]),
            (19_456, 5, &[(19_456, 3)]),
            (38_912, 2, &[(38_912, 1)]),
            (20_000, 2, &[(1_088, 1)]),
            (20_000, 3, &[(20_000, 1), (1_088, 1)]),
            // Four KiB in two passes: too little for a run.
            (19_458, 2, &[]),
        ] {
            let hasher = hasher(PasswordsConfig { memory_kib, iterations, ..PasswordsConfig::default() });
            let (wrong, right, nobody) =
                (&mut Memory::default(), &mut Memory::default(), &mut Memory::default());
            assert_eq!(hasher.verify("battery staple", Some(&phc), wrong), Ok(Verdict::Wrong));
            assert_eq!(wrong.runs, [&[(19_456, 2)][..], missing].concat(), "{memory_kib} {iterations}");
            assert_ne!(hasher.verify("correct horse", Some(&phc), right), Ok(Verdict::Wrong));
            assert_eq!(right.runs, [(19_456, 2)], "who knows the password learns nothing by the time");
            assert_eq!(hasher.verify("battery staple", None, nobody), Ok(Verdict::Wrong));
            assert_eq!(nobody.runs, [(memory_kib, iterations)]);
        }
    }

    #[test]
    fn a_hash_that_is_costlier_than_todays_lacks_nothing() {
        let phc = hash(&hasher(PasswordsConfig { iterations: 3, ..PasswordsConfig::default() }));
        let (hasher, memory) = (hasher(PasswordsConfig::default()), &mut Memory::default());
        assert_eq!(hasher.verify("battery staple", Some(&phc), memory), Ok(Verdict::Wrong));
        assert_eq!(memory.runs, [(19_456, 3)]);
    }

    #[test]
    fn a_hash_of_another_implementation_is_understood() {
        // Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hasher = hasher(PasswordsConfig::default());
        assert_eq!(hasher.verify("password", Some(phc), &mut Memory::default()), Ok(Verdict::Right));
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
            let verdict =
                hasher(PasswordsConfig::default()).verify("password", Some(&phc), &mut Memory::default());
            assert_eq!(verdict, Err(PasswordError::MalformedHash), "{phc}");
        }
    }
}
