//! The files of one folder of `migrations/`, in order, and checked.

use super::error::MigrateError;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Digits of the timestamp that begins a file's name: `YYYYMMDDhhmmss`.
const TIMESTAMP_DIGITS: usize = 14;
/// Stands in the header of a file whose one statement cannot run in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// One migration.
#[derive(Debug)]
pub(super) struct File {
    /// Folder and name: `content/20260801000000_videos.sql`.
    pub name: String,
    pub sql: String,
    pub checksum: Vec<u8>,
    /// Whether it runs in a transaction. `CREATE INDEX CONCURRENTLY` cannot.
    pub in_transaction: bool,
}

/// Reads the files of a folder. A service without a folder has none.
pub(super) fn read(root: &Path, folder: &str) -> Result<Vec<File>, MigrateError> {
    let path = root.join(folder);
    let unreadable = |source| MigrateError::Read { path: path.clone(), source };
    if !path.is_dir() && folder != "platform" {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".sql") {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.iter().map(|name| parse(&path, folder, name)).collect()
}

fn parse(path: &Path, folder: &str, name: &str) -> Result<File, MigrateError> {
    let full = path.join(name);
    let sql = std::fs::read_to_string(&full).map_err(|source| MigrateError::Read { path: full, source })?;
    let malformed = |rule| MigrateError::Malformed { file: format!("{folder}/{name}"), rule };
    let (timestamp, rest) =
        name.split_once('_').ok_or_else(|| malformed("the name must be YYYYMMDDhhmmss_what_it_does.sql"))?;
    if timestamp.len() != TIMESTAMP_DIGITS || !timestamp.bytes().all(|b| b.is_ascii_digit()) || rest == ".sql"
    {
        return Err(malformed("the name must be YYYYMMDDhhmmss_what_it_does.sql"));
    }
    if !sql.starts_with("-- ") {
        return Err(malformed("the first line must be a comment that says why"));
    }
    Ok(File {
        name: format!("{folder}/{name}"),
        checksum: Sha256::digest(sql.as_bytes()).to_vec(),
        in_transaction: !sql.lines().take_while(|line| line.starts_with("--")).any(|l| l == NO_TRANSACTION),
        sql,
    })
}
