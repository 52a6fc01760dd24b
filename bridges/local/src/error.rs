//! What can go wrong with a private store: each message is one line that says what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a store could not be prepared, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A program that a store needs is not on this machine.
    #[error("{program} is not installed; run scripts/setup")]
    MissingProgram {
        /// What was looked for.
        program: String,
    },

    /// The state directory belongs to a process that is still running.
    #[error("{} is in use by process {pid}; stop it first (scripts/run --stop), or choose another --state-dir", .state_dir.display())]
    StateDirInUse {
        /// The directory.
        state_dir: PathBuf,
        /// Who holds it, or "?".
        pid: String,
    },

    /// Nothing may be written any more.
    #[error("the disk is full: cannot write {}; free some space and try again", .path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },

    /// A file operation failed.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// The verb.
        action: &'static str,
        /// Its object.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },

    /// A program could not be started at all.
    #[error("cannot start {program}")]
    Spawn {
        /// The program.
        program: String,
        /// What the operating system says.
        source: io::Error,
    },

    /// A server ended before it was ready.
    #[error("{server} ended while starting: {last_line} (log: {}); mend that{}", .log.display(), or_another(*.variable))]
    Exited {
        /// The server.
        server: &'static str,
        /// The last telling line of its log.
        last_line: String,
        /// Where the whole log is.
        log: PathBuf,
        /// The environment variable that names another one, where there is one.
        variable: Option<&'static str>,
    },

    /// A server ended that was ready.
    #[error("{server} has ended: {last_line} (log: {})", .log.display())]
    Ended {
        /// The server.
        server: &'static str,
        /// The last telling line of its log.
        last_line: String,
        /// Where the whole log is.
        log: PathBuf,
    },

    /// A server runs but does not answer.
    #[error("{server} was not ready after {} s: {last_line} (log: {}); mend that{}", .waited.as_secs(), .log.display(), or_another(*.variable))]
    NotReady {
        /// The server.
        server: &'static str,
        /// How long was waited.
        waited: Duration,
        /// The last telling line of its log.
        last_line: String,
        /// Where the whole log is.
        log: PathBuf,
        /// The environment variable that names another one, where there is one.
        variable: Option<&'static str>,
    },

    /// A one-off command that prepares a store failed.
    #[error("{step} failed: {last_line} (log: {}); mend that{}", .log.display(), or_another(*.variable))]
    Preparation {
        /// What was being done.
        step: &'static str,
        /// The last telling line of its output.
        last_line: String,
        /// Where the whole output is.
        log: PathBuf,
        /// The environment variable that names another server, where there is one.
        variable: Option<&'static str>,
    },

    /// The store named by an environment variable does not answer.
    #[error("{store} named by {variable} does not answer: {cause}")]
    External {
        /// The store.
        store: &'static str,
        /// The environment variable with its URL.
        variable: &'static str,
        /// Why, without the URL: it may hold a password.
        cause: String,
    },

    /// A stand-in cannot listen.
    #[error("{server} cannot listen on 127.0.0.1:{port}; end what uses that port and try again")]
    Listen {
        /// The stand-in.
        server: &'static str,
        /// Its port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },

    /// A key of the CDN cannot be used.
    #[error("a playback key cannot be used: {cause}")]
    PlaybackKey {
        /// Why.
        cause: String,
    },

    /// A client library could not be set up.
    #[error("cannot set up a client: {cause}")]
    Client {
        /// What it says.
        cause: String,
    },

    /// No port is free in the range for private stores.
    #[error("no free port on 127.0.0.1 in {first}..{end}; end some servers and try again")]
    NoFreePort {
        /// Start of the range.
        first: u16,
        /// End of the range.
        end: u16,
    },
}

/// The advice to take another one.
fn or_another(variable: Option<&str>) -> String {
    variable.map(|variable| format!(", or use another and name it in {variable}")).unwrap_or_default()
}

impl LocalError {
    /// Names the file of a failed operation; a full disk gets its own message.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path: path.to_owned() }
            }
            _ => Self::File { action, path: path.to_owned(), source },
        }
    }
}
