//! Where the programs and jars are that the private stores need.

use crate::error::LocalError;
use std::path::{Path, PathBuf};

/// Debian keeps the server's programs of each major version of Postgres here, out of PATH.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Finds a program in PATH.
pub(crate) fn find(program: &str) -> Result<PathBuf, LocalError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| LocalError::MissingProgram { program: program.to_owned() })
}

/// Finds a program of the newest Postgres server that is installed.
pub(crate) fn find_postgres(program: &str) -> Result<PathBuf, LocalError> {
    let versions = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .map(|(major, directory)| (major, directory.join("bin").join(program)))
        .filter(|(_, candidate)| candidate.is_file())
        .max()
        .map_or_else(|| find(program), |(_, candidate)| Ok(candidate))
}

/// The nearest `.mcsp` at or above the working directory: where scripts/setup puts what it downloads.
#[must_use]
pub fn default_tools_dir() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .map(|directory| directory.join(".mcsp"))
        .find(|candidate| candidate.is_dir())
        .unwrap_or_else(|| Path::new(".mcsp").to_owned())
}
