//! The directory that holds everything private to one stack: data, passwords, ports, logs. One process
//! owns it at a time.

use crate::error::LocalError;
use rand::RngExt;
use rustix::fs::FlockOperation;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Below the range from which Linux takes ports for outgoing connections, so that none of those is in the way.
const PORTS: std::ops::Range<u16> = 15_000..30_000;
const PORT_ATTEMPTS: u32 = 200;
const SECRET_BYTES: usize = 24;
/// How much of a log is read to find its last telling line.
const LOG_TAIL_BYTES: u64 = 16 * 1024;

/// An open state directory; the lock on it ends with this value.
#[derive(Debug)]
pub struct StateDir {
    root: PathBuf,
    ports: Mutex<Vec<u16>>,
    _lock: File,
}

impl StateDir {
    /// Creates the directory where it is missing and takes it for this process.
    ///
    /// # Errors
    /// [`LocalError::StateDirInUse`] when another process has it, or a file error.
    pub fn open(root: &Path) -> Result<Self, LocalError> {
        fs::create_dir_all(root).map_err(LocalError::file("create", root))?;
        let root = root.canonicalize().map_err(LocalError::file("open", root))?;
        let path = root.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(LocalError::file("open", &path))?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = lock.read_to_string(&mut pid);
            let pid = if pid.trim().is_empty() { "?".to_owned() } else { pid.trim().to_owned() };
            return Err(LocalError::StateDirInUse { state_dir: root, pid });
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(LocalError::file("write", &path))?;
        // A server may run as another user: it must get to its own directory through this one.
        fs::set_permissions(&root, fs::Permissions::from_mode(0o711))
            .map_err(LocalError::file("set the mode of", &root))?;
        let state_dir = Self { root, ports: Mutex::default(), _lock: lock };
        state_dir.directory("logs")?;
        Ok(state_dir)
    }

    /// Where everything is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A directory inside, created where it is missing.
    ///
    /// # Errors
    /// A file error.
    pub fn directory(&self, name: &str) -> Result<PathBuf, LocalError> {
        let path = self.root.join(name);
        fs::create_dir_all(&path).map_err(LocalError::file("create", &path))?;
        Ok(path)
    }

    /// Where a server writes its log.
    #[must_use]
    pub fn log_path(&self, server: &str) -> PathBuf {
        self.root.join("logs").join(format!("{server}.log"))
    }

    /// A secret that is made up once and then kept, in a file that only its owner may read.
    ///
    /// # Errors
    /// A file error.
    pub fn secret(&self, name: &str) -> Result<String, LocalError> {
        let path = self.directory("secrets")?.join(name);
        match fs::read_to_string(&path) {
            Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(LocalError::file("read", &path)(error));
            }
            _ => {}
        }
        let bytes: [u8; SECRET_BYTES] = rand::rng().random();
        let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&path, &secret)?;
        Ok(secret)
    }

    /// The port of a server: the one it had the last time when that is free, else a new one.
    ///
    /// # Errors
    /// [`LocalError::NoFreePort`], or a file error.
    pub fn port(&self, server: &str) -> Result<u16, LocalError> {
        let path = self.directory("ports")?.join(server);
        let last = fs::read_to_string(&path).ok().and_then(|port| port.trim().parse().ok());
        let take = |port: &u16| {
            let taken = take_port(*port);
            if taken {
                self.ports.lock().unwrap_or_else(PoisonError::into_inner).push(*port);
            }
            taken
        };
        if let Some(port) = last.filter(take) {
            return Ok(port);
        }
        let mut random = rand::rng();
        let port = (0..PORT_ATTEMPTS)
            .map(|_| random.random_range(PORTS))
            .find(take)
            .ok_or(LocalError::NoFreePort { first: PORTS.start, end: PORTS.end })?;
        fs::write(&path, port.to_string()).map_err(LocalError::file("write", &path))?;
        Ok(port)
    }
}

/// Writes a file that only its owner may read, in one step: after a crash there is the whole file or none.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), LocalError> {
    let partial = path.with_extension("partial");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .and_then(|mut file| {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(content.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&partial, path))
        .map_err(LocalError::file("write", path))
}

/// The last line of a log that says something: an error where there is one, else the very last.
pub(crate) fn last_telling_line(log: &Path) -> String {
    let mut tail = Vec::new();
    if let Ok(mut file) = File::open(log) {
        let length = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let _ = file.seek(std::io::SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)));
        let _ = file.take(LOG_TAIL_BYTES).read_to_end(&mut tail);
    }
    let tail = String::from_utf8_lossy(&tail);
    let telling = |line: &&str| {
        ["FATAL", "ERROR", "error:", "Exception", "# Warning", "No space left"]
            .iter()
            .any(|mark| line.contains(mark))
    };
    let lines = || tail.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    lines().find(telling).or_else(|| lines().next()).unwrap_or("it wrote nothing").to_owned()
}

impl Drop for StateDir {
    fn drop(&mut self) {
        let mut taken = taken_ports().lock().unwrap_or_else(PoisonError::into_inner);
        for port in self.ports.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            taken.remove(&port);
        }
    }
}

/// The ports given to servers of this process, which may have yet to bind them.
fn taken_ports() -> &'static Mutex<HashSet<u16>> {
    static TAKEN: OnceLock<Mutex<HashSet<u16>>> = OnceLock::new();
    TAKEN.get_or_init(Mutex::default)
}

fn take_port(port: u16) -> bool {
    let mut taken = taken_ports().lock().unwrap_or_else(PoisonError::into_inner);
    !taken.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && taken.insert(port)
}
