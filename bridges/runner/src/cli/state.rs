//! The state directory of a platform on this machine, as the commands share it.

use anyhow::Context;
use std::path::PathBuf;

/// The files by which commands find a running platform.
pub(super) struct StateDir(PathBuf);

impl StateDir {
    pub(super) fn new(path: PathBuf) -> Self {
        StateDir(path)
    }

    /// The runner's admin face.
    pub(super) fn admin_socket(&self) -> PathBuf {
        self.0.join("admin.sock")
    }

    /// What the sidecar, stock Spin and other commands need to know, for a shell to source.
    pub(super) fn environment(&self) -> PathBuf {
        self.0.join("platform.env")
    }

    /// Says that the platform answers, and where. Scripts wait for it.
    pub(super) fn announce(&self, url: &str) -> anyhow::Result<()> {
        let path = self.0.join("ready");
        std::fs::write(&path, url).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Takes it back.
    pub(super) fn withdraw(&self) {
        // What is gone already is what is wanted.
        let _gone = std::fs::remove_file(self.0.join("ready"));
    }

    /// Where the running platform answers.
    pub(super) fn url(&self) -> anyhow::Result<String> {
        let path = self.0.join("ready");
        std::fs::read_to_string(&path).with_context(|| {
            format!(
                "no platform runs with this state: {} is missing; start it with scripts/run",
                path.display()
            )
        })
    }

    /// A variable of the running platform, unless the environment has it.
    pub(super) fn variable(&self, name: &str) -> anyhow::Result<String> {
        if let Ok(given) = std::env::var(name) {
            return Ok(given);
        }
        let path = self.environment();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("set {name}, or start a platform: {} is missing", path.display()))?;
        let prefix = format!("export {name}='");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('\''));
        value
            .map(|value| value.replace("'\\''", "'"))
            .with_context(|| format!("{} has no {name}", path.display()))
    }
}
