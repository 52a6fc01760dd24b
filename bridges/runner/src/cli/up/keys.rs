//! Keys and tokens of a private platform: made once, kept in the state directory, readable by its owner only.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The directory of the keys.
pub(crate) struct Keys(PathBuf);

impl Keys {
    /// Opens the directory, and makes it where it is missing.
    pub(crate) fn open(state_dir: &Path) -> anyhow::Result<Self> {
        let path = state_dir.join("keys");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Keys(path))
    }

    /// The keys that signed access tokens before Auth kept them in Postgres, where there were any.
    pub(crate) fn auth_signing_keys(&self) -> String {
        std::fs::read_to_string(self.0.join("auth-signing-keys.json")).unwrap_or_else(|_| "[]".to_owned())
    }

    /// What a service seals its secrets with: a JSON array of keys.
    pub(crate) fn sealing_keys(&self, service: &str) -> anyhow::Result<String> {
        self.kept(&format!("{service}-sealing-keys.json"), || json!([secret()]).to_string())
    }

    /// A token: 32 random bytes, base64url.
    pub(crate) fn token(&self, name: &str) -> anyhow::Result<String> {
        self.kept(name, secret)
    }

    fn kept(&self, name: &str, make: impl FnOnce() -> String) -> anyhow::Result<String> {
        let path = self.0.join(name);
        match std::fs::read_to_string(&path) {
            Ok(kept) if !kept.is_empty() => return Ok(kept),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
            Ok(_) | Err(_) => {}
        }
        let made = make();
        // Written beside and renamed: a key that was half written would lock everyone out.
        let beside = self.0.join(format!(".{name}"));
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(made.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(made)
    }
}

fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>())
}
