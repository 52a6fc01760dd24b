//! The thresholds of breakers, bulkheads and retries, from a file that may change while the process runs.

use crate::Bridges;
use mcsp_guard::PolicyTable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the file is looked at. A mounted ConfigMap sends no signal, so looking is what works anywhere.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why the policies cannot be used. Those in force stay.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The file cannot be read.
    #[error("cannot read the policies in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a table of policies.
    #[error("the policies in {} are not right", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

/// Reads a table of policies (TOML).
pub fn load_policies(path: &Path) -> Result<PolicyTable, PoliciesError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| PoliciesError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| PoliciesError::Parse { path: path.to_owned(), source: Box::new(source) })
}

/// Puts each new content of the file in force. Runs until it is dropped.
pub async fn watch_policies(path: PathBuf, bridges: Arc<Bridges>) {
    let mut in_force = std::fs::read(&path).ok();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let content = std::fs::read(&path).ok();
        if content.is_none() || content == in_force {
            continue;
        }
        in_force = content;
        match load_policies(&path) {
            Ok(table) => {
                bridges.guards().reload(table);
                tracing::info!(path = %path.display(), "policies reloaded");
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "policies not reloaded"),
        }
    }
}
