//! `Upload-Checksum`: what a chunk must come to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;
use subtle::ConstantTimeEq;

/// How digests are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// What every server of tus takes.
    Sha1,
    Sha256,
}

/// A digest that bytes must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

impl Algorithm {
    /// As `Tus-Checksum-Algorithm` tells them.
    pub(crate) const NAMES: &'static str = "sha1,sha256";

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Algorithm::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
            Algorithm::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        }
    }
}

impl Checksum {
    /// An algorithm, a space and a digest in base64.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, digest) = text.split_once(' ')?;
        let (algorithm, length) = match name {
            "sha1" => (Algorithm::Sha1, 20),
            "sha256" => (Algorithm::Sha256, 32),
            _ => return None,
        };
        let digest = STANDARD.decode(digest).ok().filter(|digest| digest.len() == length)?;
        Some(Checksum { algorithm, digest })
    }

    /// Whether these bytes are meant.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        self.algorithm.digest(bytes).ct_eq(&self.digest).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_of_these_bytes_and_no_others() {
        for text in
            ["sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", "sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="]
        {
            let checksum = Checksum::parse(text).unwrap();
            assert!(checksum.is_of(b"hello") && !checksum.is_of(b"hellO"), "{text}");
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused() {
        for text in [
            "",
            "sha1",
            "sha1 ",
            "sha1 AAAA",
            "md5 XUFAKrxLKna5cZ2REBfFkg==",
            "sha1  qvTGHdzF6KLavt4PO0gs2a6pQ00=",
        ] {
            assert_eq!(Checksum::parse(text), None, "{text}");
        }
    }
}
